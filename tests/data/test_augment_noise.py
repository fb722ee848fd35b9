"""Noise against its distribution, and the erased square against the count of centers that cover a pixel."""

import numpy as np
import pytest
import torch
from scipy import stats

from ravine.data.noise import erase, gaussian_noise, salt_and_pepper
from ravine.errors import RavineError

NOTHING = torch.zeros(0)


@pytest.mark.parametrize("shape", [(20000,), (1000, 20), (100, 2, 10, 10)])
def test_gaussian_noise_is_normal_for_inputs_of_any_shape(shape):
    torch.manual_seed(0)
    x = torch.full(shape, 5.0)
    noise = (gaussian_noise(0.3).change(x, NOTHING)[0] - x).flatten().numpy()
    assert stats.kstest(noise, stats.norm(0, 0.3).cdf).pvalue > 0.01


@pytest.mark.parametrize("shape", [(20000,), (1000, 20), (100, 2, 10, 10)])
def test_salt_and_pepper_come_as_often_as_they_say(shape):
    torch.manual_seed(0)
    x = torch.full(shape, 0.5)
    changed, _ = salt_and_pepper(0.1, pepper=-2.0, salt=3.0).change(x, NOTHING)
    for value, chance in ((-2.0, 0.05), (3.0, 0.05), (0.5, 0.9)):
        assert stats.binomtest(int((changed == value).sum()), 20000, chance).pvalue > 0.01
    assert torch.isin(changed, torch.tensor([-2.0, 3.0, 0.5])).all()


@pytest.mark.parametrize(
    ("h", "w", "share", "side"), [(8, 8, 0.25, 4), (8, 8, 0.14, 3), (6, 11, 0.4, 5), (5, 5, 1.0, 5)]
)
def test_a_pixel_is_erased_as_often_as_centers_cover_it(h, w, share, side):
    torch.manual_seed(0)
    count = 4000
    changed, _ = erase(share, value=-1.0).change(torch.ones(count, 2, h, w), NOTHING)
    assert torch.equal(changed[:, 0], changed[:, 1])
    erased = (changed[:, 0] == -1).double().mean(0).numpy()
    before, after = side // 2, side - side // 2
    expected = np.empty((h, w))
    for row in range(h):
        for column in range(w):
            rows = sum(center - before <= row < center + after for center in range(h))
            columns = sum(center - before <= column < center + after for center in range(w))
            expected[row, column] = rows * columns / (h * w)
    error = np.sqrt(expected * (1 - expected) / count)
    assert (np.abs(erased - expected) <= 4 * error + 1e-12).all()


def test_what_is_erased_is_one_square_cut_by_the_edges():
    torch.manual_seed(0)
    changed, _ = erase(0.25).change(torch.ones(500, 1, 8, 8), NOTHING)
    for image in changed[:, 0] == 0:
        rows, columns = image.any(1), image.any(0)
        assert torch.equal(image, rows[:, None] & columns)
        for line in (rows, columns):
            (places,) = torch.where(line)
            assert torch.equal(places, torch.arange(int(places[0]), int(places[-1]) + 1))
            touches = places[0] == 0 or places[-1] == 7
            assert len(places) == 4 or (touches and 2 <= len(places) < 4)


@pytest.mark.parametrize("part", [gaussian_noise(0.0), salt_and_pepper(0.0), erase(0.0)])
def test_no_strength_is_no_change(part):
    x = torch.rand(5, 1, 4, 4)
    assert torch.equal(part.change(x, NOTHING)[0], x)


@pytest.mark.parametrize(
    ("part", "arguments", "told"),
    [
        (gaussian_noise, {"std": -1}, "std must be at least 0, got -1"),
        (salt_and_pepper, {"share": 1.01}, r"share must be in \[0, 1\], got 1.01"),
        (erase, {"share": -0.5}, r"share must be in \[0, 1\]"),
    ],
)
def test_a_strength_out_of_range_is_refused(part, arguments, told):
    with pytest.raises(RavineError, match=told):
        part(**arguments)

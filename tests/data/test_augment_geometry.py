"""What moves pixels, against slices, torch's own turns and SciPy's sampling; luck against its distribution."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats

from ravine.data.augment import augmented
from ravine.data.geometry import Geometric, crop, flip, rotate, sampled, scale, shift
from ravine.errors import RavineError

NOTHING = torch.zeros(0)


class by(Geometric):  # noqa: N801 - typed as a function
    """Moves every image by one given map."""

    matrix: tuple = ()

    def matrices(self, count, height, width):  # noqa: ARG002 - the interface
        return torch.tensor(self.matrix, dtype=torch.float64).expand(count, 3, 3)


class exactly(by):  # noqa: N801 - typed as a function
    exact = True


QUARTER = ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
HALF_RIGHT = ((1.0, 0.0, -0.5), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
RIGHT = ((1.0, 0.0, -1.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
FAR_LEFT = ((1.0, 0.0, 5.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
FAR_RIGHT = ((1.0, 0.0, -5.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def images(count, height, width, channels=2, dtype=torch.float32):
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(7), dtype=dtype)


def offsets(x, moved, padding):
    """Which slice of each padded image was cut out; every image must be one of the slices, to the bit."""
    h, w = x.shape[2:]
    padded = torch.nn.functional.pad(x, (padding,) * 4)
    found = []
    for image, source in zip(moved, padded, strict=True):
        places = range(2 * padding + 1)
        found += [(r, c) for r in places for c in places if torch.equal(image, source[:, r : r + h, c : c + w])]
    return found


@given(h=st.integers(4, 40), w=st.integers(4, 40), padding=st.integers(0, 3), double=st.booleans())
def test_a_crop_is_a_slice_of_the_padded_image_to_the_bit(h, w, padding, double):
    x = images(3, h, w, dtype=torch.float64 if double else torch.float32)
    moved, _ = crop(padding).change(x, NOTHING)
    assert len(offsets(x, moved, padding)) == 3


@pytest.mark.parametrize(
    ("size", "dtype"), [(224, torch.float32), (331, torch.float32), (2100, torch.float32), (2100, torch.float16)]
)
def test_crops_and_flips_of_large_images_are_exact(size, dtype):
    x = images(2, size, size + 1, channels=1, dtype=dtype)
    moved, _ = augmented((flip(chance=1.0), crop(2)), x, NOTHING)
    assert len(offsets(x.flip(3), moved, 2)) == 2


def test_all_places_of_a_crop_are_as_likely():
    torch.manual_seed(0)
    x = images(5000, 4, 4, channels=1)
    moved, _ = crop(1).change(x, NOTHING)
    places, counts = np.unique(offsets(x, moved, 1), axis=0, return_counts=True)
    assert len(places) == 9
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize(("axis", "dims"), [("horizontal", [3]), ("vertical", [2]), ("both", [2, 3])])
def test_a_certain_flip_is_torchs(axis, dims):
    x = images(4, 9, 7)
    assert torch.equal(flip(axis, chance=1.0).change(x, NOTHING)[0], x.flip(dims))
    assert torch.equal(flip(axis, chance=0.0).change(x, NOTHING)[0], x)


def test_a_flip_comes_as_often_as_it_says_and_axes_toss_on_their_own():
    torch.manual_seed(0)
    x = images(1, 2, 2, channels=1).expand(4000, 1, 2, 2)
    moved, _ = flip("both", chance=0.3).change(x, NOTHING)
    for dims, chance in (([], 0.49), ([2], 0.21), ([3], 0.21), ([2, 3], 0.09)):
        count = int((moved == x.flip(dims)).flatten(1).all(1).sum())
        assert stats.binomtest(count, 4000, chance).pvalue > 0.01


def test_a_quarter_turn_is_torchs_and_keeps_square_pixels():
    x = images(2, 6, 6, dtype=torch.float64)
    torch.testing.assert_close(sampled((by(QUARTER),), x), torch.rot90(x, -1, (2, 3)))
    wide = images(2, 6, 10, dtype=torch.float64)  # its square middle turns as it would alone
    turned = sampled((by(QUARTER),), wide)
    torch.testing.assert_close(turned[..., 2:8], torch.rot90(wide[..., 2:8], -1, (2, 3)))
    assert not turned[..., :2].any()


@pytest.mark.parametrize("part", [rotate(180), scale(0.9), shift(0.5), crop(2), flip()])
@pytest.mark.parametrize(("h", "w"), [(8, 8), (7, 12)])
def test_every_part_samples_as_scipy_does(part, h, w):
    x = images(20, h, w, channels=1, dtype=torch.float64)
    torch.manual_seed(1)
    moved, _ = part.change(x, NOTHING)
    torch.manual_seed(1)
    middle = np.array([(h - 1) / 2, (w - 1) / 2])
    for image, source, matrix in zip(moved[:, 0], x[:, 0], part.matrices(20, h, w).numpy(), strict=True):
        linear, offset = matrix[1::-1, 1::-1], matrix[1::-1, 2]  # SciPy counts rows first, from the corner
        expected = ndimage.affine_transform(
            source.numpy(), linear, middle + offset - linear @ middle, order=1, mode="grid-constant"
        )
        np.testing.assert_allclose(image.numpy(), expected, atol=1e-12)


def test_angles_are_spread_evenly_about_zero():
    torch.manual_seed(0)
    maps = rotate(30).matrices(4000, 8, 8)
    angles = torch.atan2(maps[:, 1, 0], maps[:, 0, 0]).rad2deg().numpy()
    assert stats.kstest(angles, stats.uniform(-30, 60).cdf).pvalue > 0.01
    assert abs(angles.mean()) < 3 * 30 / np.sqrt(3 * 4000)
    torch.testing.assert_close(maps[:, :2, :2].det(), torch.ones(4000, dtype=torch.float64))


def test_sizes_are_spread_evenly_about_one():
    torch.manual_seed(0)
    x = torch.zeros(2000, 1, 60, 60, dtype=torch.float64)
    x[:, :, 20:40, 20:40] = 1
    moved, _ = scale(0.4).change(x, NOTHING)
    factors = (moved.sum((1, 2, 3)) / 400).sqrt().numpy()  # an area grows with the square
    assert stats.kstest(factors, stats.uniform(0.6, 0.8).cdf).pvalue > 0.01


def test_shifts_are_spread_evenly_over_shares_of_height_and_width():
    torch.manual_seed(0)
    x = torch.zeros(2000, 1, 20, 40, dtype=torch.float64)
    x[:, :, 10, 20] = 1
    moved, _ = shift(0.1).change(x, NOTHING)
    rows = (moved.sum((1, 3)) * torch.arange(20)).sum(1) - 10
    columns = (moved.sum((1, 2)) * torch.arange(40)).sum(1) - 20
    assert stats.kstest(rows.numpy(), stats.uniform(-2, 4).cdf).pvalue > 0.01
    assert stats.kstest(columns.numpy(), stats.uniform(-4, 8).cdf).pvalue > 0.01
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 3 / np.sqrt(2000)


@pytest.mark.parametrize("part", [crop(0), rotate(0), scale(0.0), shift(0.0), flip(chance=0.0)])
def test_no_strength_is_no_change(part):
    x = images(3, 9, 11)
    torch.testing.assert_close(part.change(x, NOTHING)[0], x, rtol=0, atol=2e-6)


def test_neighbors_are_one_map_in_their_order():
    x = images(2, 6, 6)
    one_by_one = sampled((exactly(QUARTER),), sampled((exactly(RIGHT),), x))
    assert torch.equal(sampled((exactly(RIGHT), exactly(QUARTER)), x), one_by_one)
    assert not torch.equal(sampled((exactly(QUARTER), exactly(RIGHT)), x), one_by_one)


def test_one_part_that_is_not_exact_is_enough_to_interpolate():
    x = images(2, 6, 6)
    expected = (x[..., 1:] + x[..., :-1]) / 2
    for parts in ((exactly(RIGHT), by(HALF_RIGHT)), (by(HALF_RIGHT), exactly(RIGHT))):
        torch.testing.assert_close(sampled(parts, x)[..., 2:], expected[..., :-1], rtol=0, atol=1e-6)


def test_nothing_is_lost_between_neighbors():
    x = images(2, 6, 6)
    assert torch.equal(augmented((exactly(FAR_LEFT), exactly(FAR_RIGHT)), x, NOTHING)[0], x)


def test_crop_and_flip_together_are_what_they_are_one_by_one():
    x = images(40, 8, 9)
    torch.manual_seed(3)
    together, _ = augmented((flip(), crop(2), flip("vertical")), x, NOTHING)
    torch.manual_seed(3)
    for part in (flip(), crop(2), flip("vertical")):
        x, _ = part.change(x, NOTHING)
    assert torch.equal(together, x)


@pytest.mark.parametrize(
    ("part", "arguments", "told"),
    [
        (crop, {"padding": -1}, r"crop\(padding=-1\): padding must be at least 0, got -1"),
        (crop, {"padding": 1.5}, "must be a whole number"),
        (flip, {"axis": "diagonal"}, "axis must be 'horizontal' or 'vertical' or 'both'"),
        (flip, {"chance": 1.1}, r"chance must be in \[0, 1\]"),
        (rotate, {"degrees": 181}, r"degrees must be in \[0, 180\], got 181"),
        (scale, {"share": 1.0}, r"share must be in \[0, 1\)"),
        (shift, {"share": -0.1}, r"share must be in \[0, 1\)"),
    ],
)
def test_a_strength_out_of_range_is_refused(part, arguments, told):
    with pytest.raises(RavineError, match=told):
        part(**arguments)

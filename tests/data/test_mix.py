"""Mixing: weights against the Beta distribution, labels against inputs, boxes against the paper's own recipe."""

import numpy as np
import pytest
import torch
from scipy import stats

from ravine.data.mix import cutmix, mixup
from ravine.errors import RavineError


def of_one_hot(part, count, batches):
    """The weights of examples that show nothing but which they are; each is mixed of two at most."""
    found = []
    for _ in range(batches):
        x, y = part.change(torch.eye(count, dtype=torch.float64), torch.eye(count, dtype=torch.float64))
        assert torch.equal(x, y)
        assert ((y > 0).sum(1) <= 2).all()
        torch.testing.assert_close(y.sum(1), torch.ones(count, dtype=torch.float64))
        found.append(y.diagonal()[y.diagonal() < 1])
    return found


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_weights_of_mixup_are_beta(alpha):
    torch.manual_seed(0)
    own = torch.cat(of_one_hot(mixup(alpha, each=True), 50, 60)).numpy()
    assert stats.kstest(own, stats.beta(alpha, alpha).cdf).pvalue > 0.01


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_a_batch_has_one_weight_as_in_the_papers_code(alpha):
    torch.manual_seed(0)
    batches = [own for own in of_one_hot(mixup(alpha), 20, 300) if len(own)]
    for own in batches:
        torch.testing.assert_close(own, own[:1].expand_as(own))
    first = np.array([float(own[0]) for own in batches])
    assert len(first) == 300
    assert stats.kstest(first, stats.beta(alpha, alpha).cdf).pvalue > 0.01


@pytest.mark.parametrize("alpha", [0.01, 100.0])
@pytest.mark.parametrize("part", [mixup, cutmix])
def test_the_ends_of_alpha_give_finite_shares(part, alpha):
    torch.manual_seed(0)
    for _ in range(500):
        x, y = part(alpha).change(torch.rand(4, 1, 4, 4), torch.rand(4, 3))
        assert x.isfinite().all()
        assert y.isfinite().all()


@pytest.mark.parametrize("each", [False, True])
def test_numbers_of_any_shape_are_mixed_like_their_inputs(each):
    x = torch.rand(30, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for y in (x @ torch.arange(4.0, dtype=torch.float64), x @ torch.ones(4, 2, dtype=torch.float64)):
        mixed, targets = mixup(1.0, each=each, numbers=True).change(x, y)
        slope = torch.arange(4.0, dtype=torch.float64) if y.dim() == 1 else torch.ones(4, 2, dtype=torch.float64)
        torch.testing.assert_close(targets, mixed @ slope)


def papers_boxes(count, h, w, rng):
    """How many pixels boxes cover, drawn as section 3.1 says it, one by one."""
    areas = []
    for _ in range(count):
        weight = rng.beta(1, 1)
        heights, widths = int(h * np.sqrt(1 - weight)), int(w * np.sqrt(1 - weight))
        row, column = rng.integers(h), rng.integers(w)
        rows = [r for r in range(row - heights // 2, row - heights // 2 + heights) if 0 <= r < h]
        columns = [c for c in range(column - widths // 2, column - widths // 2 + widths) if 0 <= c < w]
        areas.append(len(rows) * len(columns))
    return areas


def test_boxes_of_cutmix_are_the_papers():
    torch.manual_seed(0)
    images, labels = torch.zeros(2, 1, 13, 17), torch.eye(2)
    images[1] = 1
    changed = [cutmix().change(images, labels)[0] for _ in range(3000)]
    seen = np.array([int(x[0].sum()) for x in changed])  # of two images, half of the time the other is another
    known = np.array(papers_boxes(4000, 13, 17, np.random.default_rng(0)))
    assert stats.ks_2samp(seen[seen > 0], known[known > 0]).pvalue > 0.01


def test_labels_of_cutmix_are_mixed_by_exact_area():
    torch.manual_seed(0)
    count = 20
    images = torch.arange(float(count))[:, None, None, None].repeat(1, 3, 9, 7)
    seen = set()
    for _ in range(60):
        x, y = cutmix().change(images, torch.eye(count))
        shares = (x[:, 0, None] == torch.arange(float(count))[:, None, None]).float().mean((2, 3))
        torch.testing.assert_close(y, shares)
        assert torch.equal(x[:, 0], x[:, 2])
        boxes = [image for image in x[:, 0] != images[:, 0] if image.any()]
        assert all(torch.equal(box, boxes[0]) for box in boxes)
        assert not boxes or torch.equal(boxes[0], boxes[0].any(1)[:, None] & boxes[0].any(0))
        seen.add(round(float(y.diagonal().min()), 3))
    assert len(seen) > 10


def test_pasted_is_what_stood_there():
    torch.manual_seed(0)
    images = torch.rand(6, 2, 5, 5)
    x, _ = cutmix().change(images, torch.eye(6))
    for pixel in range(25):
        column = images.flatten(2)[:, :, pixel]
        for value in x.flatten(2)[:, :, pixel]:
            assert (column == value).all(1).any()


@pytest.mark.parametrize(
    ("part", "arguments", "told"),
    [
        (mixup, {"alpha": 0}, r"mixup\(alpha=0\): alpha must be in \[0.01, 100\], got 0"),
        (cutmix, {"alpha": -1.0}, r"alpha must be in \[0.01, 100\]"),
        (mixup, {"each": 1}, "each must be True or False"),
    ],
)
def test_a_strength_out_of_range_is_refused(part, arguments, told):
    with pytest.raises(RavineError, match=told):
        part(**arguments)

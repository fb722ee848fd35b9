"""Augmentations that make one example of two, and mix their classes likewise."""

import math
from functools import lru_cache

import torch
from scipy.special import betaincinv
from torch import Tensor
from torch.distributions import Beta
from typing_extensions import override

from ..fields import Number, field, flag
from ..ranges import log
from .augmentation import Augmentation
from .chance import beside, stretch


class mixup(Augmentation):  # noqa: N801 - typed as a function
    """Blends each example with another of the batch: `w x + (1 - w) x'` and `w y + (1 - w) y'`.

    `w` is drawn from Beta(alpha, alpha): mostly near 0 or 1 where alpha is small, evenly spread where it is 1.

    Zhang, Cisse, Dauphin & Lopez-Paz 2018, "mixup: Beyond Empirical Risk Minimization", equation 1 and figure 1.
    https://arxiv.org/abs/1710.09412

    >>> x, y = mixup().change(torch.eye(3), torch.eye(3))
    >>> bool(torch.equal(x, y)), bool(torch.allclose(y.sum(1), torch.tensor(1.0)))
    (True, True)
    """

    mixes = True
    alpha: Number = field(
        0.2, "how evenly two examples are mixed; large: half and half", within="[0.01, 100]", search=log(0.1, 1.0),
        also=("label smoothing", "mix-up", "input mixing"),
    )  # fmt: skip
    each: bool = flag(
        False, "whether each example has a weight of its own, not one for the batch as in the paper's code"
    )
    numbers: bool = flag(False, "whether targets that are numbers are mixed, too: a claim that between lies between")

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        weight = _beta(self.alpha).sample((len(x),)) if self.each else _weight(self.alpha)
        others = torch.randperm(len(x)).to(x.device)
        return _blended(x, weight, others), _blended(y, weight, others)


class cutmix(Augmentation):  # noqa: N801 - typed as a function
    """Pastes a box of another image of the batch into each image, and mixes their classes by the area that it covers.

    The box has `sqrt(1 - w)` of the height and of the width, `w` from Beta(alpha, alpha), and its center lies at any
    pixel. The edges cut it, and what is left counts. A batch has one box, as in the paper's code.

    Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features",
    section 3.1. https://arxiv.org/abs/1905.04899

    >>> images = torch.arange(2.0).view(2, 1, 1, 1).repeat(1, 1, 8, 8)
    >>> x, y = cutmix().change(images, torch.eye(2))
    >>> torch.equal(x.mean((1, 2, 3)), y[:, 1])
    True
    """

    mixes = True
    images = True
    alpha: Number = field(
        1.0, "how evenly two images are mixed; large: half and half", within="[0.01, 100]", search=log(0.1, 1.0),
        also=("cut-mix", "input mixing"),
    )  # fmt: skip

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        side = math.sqrt(1 - _weight(self.alpha))
        h, w = x.shape[2:]
        rows, columns = stretch(int(h * side), h), stretch(int(w * side), w)
        others = torch.randperm(len(x)).to(x.device)
        pasted = x.clone()
        pasted[:, :, rows, columns] = x[:, :, rows, columns].index_select(0, others)
        area = (rows.stop - rows.start) * (columns.stop - columns.start) / (h * w)
        return pasted, torch.lerp(y, y.index_select(0, others), area)


def _weight(alpha: float) -> float:
    """Draws from Beta(alpha, alpha) by its quantiles, which for one number is faster than PyTorch's own way."""
    return float(betaincinv(alpha, alpha, float(torch.rand((), dtype=torch.float64))))


@lru_cache
def _beta(alpha: float) -> Beta:
    """Makes a distribution once: that takes longer than to draw from it."""
    concentration = torch.tensor(alpha, dtype=torch.float64)
    return Beta(concentration, concentration)


def _blended(values: Tensor, weight: Tensor | float, others: Tensor) -> Tensor:
    weight = beside(weight, values) if isinstance(weight, Tensor) else weight
    return torch.lerp(values.index_select(0, others), values, weight)

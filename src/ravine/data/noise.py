"""Augmentations that hide something: noise on any numbers, and a square erased from an image."""

import torch
from torch import Tensor
from typing_extensions import override

from ..fields import Number, field
from ..ranges import log, uniform
from .augmentation import Augmentation
from .chance import squares

# Noise has as many numbers as the batch: it is drawn where the batch is, by that device's generator. To draw it on the
# CPU and send it to a GPU would take longer than many a step.


class gaussian_noise(Augmentation):  # noqa: N801 - typed as a function
    """Adds normal noise to every number: `x + std e`, `e` from N(0, 1).

    With squared error and small `std` that is a penalty on the slope of the network.
    Bishop 1995, "Training with Noise is Equivalent to Tikhonov Regularization".
    https://doi.org/10.1162/neco.1995.7.1.108

    >>> gaussian_noise(std=0.0).change(torch.ones(2), torch.zeros(2))[0]
    tensor([1., 1.])
    """

    std: Number = field(
        0.1, "standard deviation of the noise, in units of the input", at_least=0, search=log(0.01, 0.5),
        also=("input noise", "sigma"),
    )  # fmt: skip

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return x + self.std * torch.randn_like(x), y


class salt_and_pepper(Augmentation):  # noqa: N801 - typed as a function
    """Replaces some of the numbers, each on its own, by the darkest or the brightest value, both as likely.

    >>> x, _ = salt_and_pepper(share=1.0).change(torch.full((100,), 0.5), torch.zeros(100))
    >>> sorted(set(x.tolist()))
    [0.0, 1.0]
    """

    share: Number = field(
        0.05, "probability that a number is replaced", within="[0, 1]", search=uniform(0.0, 0.2),
        also=("input noise", "impulse noise"),
    )  # fmt: skip
    pepper: Number = field(0.0, "darkest value, in units of the input")
    salt: Number = field(1.0, "brightest value, in units of the input")

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        u = torch.rand_like(x)  # below half the share: pepper; from there to the share: salt
        return x.masked_fill(u < self.share, self.salt).masked_fill_(u < self.share / 2, self.pepper), y


class erase(Augmentation):  # noqa: N801 - typed as a function
    """Fills a square in every image with one value; its center lies at any pixel, and the edges cut it.

    DeVries & Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout", section 3.2.
    https://arxiv.org/abs/1708.04552

    >>> x, _ = erase(share=0.25).change(torch.ones(1, 1, 4, 4), torch.zeros(1))
    >>> int((x == 0).sum()) in {1, 2, 4}
    True
    """

    images = True
    share: Number = field(
        0.1, "area of the square, as a share of the image's", within="[0, 1]", search=uniform(0.02, 0.3),
        also=("cutout", "random erasing"),
    )  # fmt: skip
    value: Number = field(0.0, "what the square is filled with, in units of the input")

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        h, w = x.shape[2:]
        return x.masked_fill(squares(round((self.share * h * w) ** 0.5), x), self.value), y

"""Augmentations that move pixels: each says from where a pixel is taken, and a row of them is one sampling.

The maps of neighbors are multiplied first, which is faster than to sample for each (benchmarks/augmentation.py has
kornia's modules beside it), and blurs once instead of once for each. What comes from outside the image is 0.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from ..fields import Number, field, option
from ..ranges import integers, uniform
from .augmentation import Augmentation
from .chance import evenly


class Geometric(Augmentation):
    """Moves pixels by an affine map of its own for each image (abstract).

    A part of one's own derives from it and gives the maps by `matrices`.
    """

    images = True
    moves = True
    exact: ClassVar[bool] = False
    """Whether every pixel comes from the middle of one other, so that nothing has to be interpolated."""

    def matrices(self, count: int, height: int, width: int) -> Tensor:
        """Draws the map of each image, from where a pixel goes to where it is taken from.

        Args:
            count: The number of images.
            height: Their rows.
            width: Their columns.

        Returns:
            `[count, 3, 3]`, in double precision on the CPU; it multiplies (column, row, 1), counted in pixels from the
            middle of the image, rows downward.
        """
        raise NotImplementedError

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return sampled((self,), x), y


def sampled(parts: Sequence[Geometric], x: Tensor) -> Tensor:
    """Moves the pixels of images by several parts at once.

    Of the maps `A` of the first part and `B` of the second, a pixel at `q` is taken from `A B q`: the second part's
    image at `q` shows what the first part's shows at `B q`. In between the two nothing is cut off at the edges.

    Args:
        parts: The parts, in order.
        x: Images, `[b, c, h, w]`.

    Returns:
        The new images, interpolated bilinearly unless all parts are exact.
    """
    count, _, h, w = x.shape
    maps = parts[0].matrices(count, h, w)
    for part in parts[1:]:
        maps = maps @ part.matrices(count, h, w)
    # PyTorch measures from the middle of an image, too, but in halves of its width and height.
    half = torch.tensor([w / 2, h / 2, 1.0], dtype=torch.float64)
    dtype = torch.promote_types(x.dtype, torch.float32)  # halves of precision can't tell a thousand pixels apart
    theta = (maps * (half / half[:, None]))[:, :2].to(x.device, dtype)
    grid = functional.affine_grid(theta, [count, 1, h, w], align_corners=False)
    # The nearest pixel of a place that rounding has moved off a pixel's middle is still that pixel, to the bit.
    mode = "nearest" if all(part.exact for part in parts) else "bilinear"
    return functional.grid_sample(x.to(dtype), grid, mode, "zeros", align_corners=False).to(x.dtype)


def _identities(count: int) -> Tensor:
    return torch.eye(3, dtype=torch.float64).repeat(count, 1, 1)


class crop(Geometric):  # noqa: N801 - typed as a function
    """Pads each image by some pixels of 0 on every side and cuts its size out again, anywhere.

    He, Zhang, Ren & Sun 2016, "Deep Residual Learning for Image Recognition", section 4.2.
    https://arxiv.org/abs/1512.03385

    >>> _ = torch.manual_seed(1)
    >>> crop(padding=1).change(torch.arange(1.0, 10).view(1, 1, 3, 3), torch.zeros(1))[0]
    tensor([[[[4., 5., 6.],
              [7., 8., 9.],
              [0., 0., 0.]]]])
    """

    exact = True
    padding: Number = field(
        1, "largest shift in each direction, in pixels", at_least=0, whole=True, search=integers(1, 4),
        also=("random crop", "translation"),
    )  # fmt: skip

    @override
    def matrices(self, count: int, height: int, width: int) -> Tensor:
        maps = _identities(count)
        maps[:, :2, 2] = torch.randint(-self.padding, self.padding + 1, (count, 2)).double()
        return maps


class flip(Geometric):  # noqa: N801 - typed as a function
    """Mirrors some of the images, left and right or top and bottom.

    >>> flip(chance=1.0).change(torch.tensor([[[[1.0, 2.0, 3.0]]]]), torch.zeros(1))[0]
    tensor([[[[3., 2., 1.]]]])
    """

    exact = True
    axis: str = option(
        "horizontal", ("horizontal", "vertical", "both"), "what is mirrored; both: each by a toss of its own",
        also=("mirror",),
    )  # fmt: skip
    chance: Number = field(0.5, "probability that an image is mirrored", within="[0, 1]")

    @override
    def matrices(self, count: int, height: int, width: int) -> Tensor:
        maps = _identities(count)
        for place, name in enumerate(("horizontal", "vertical")):
            if self.axis in {name, "both"}:
                maps[:, place, place] = 1 - 2.0 * (evenly(count, 0, 1) < self.chance)
        return maps


class rotate(Geometric):  # noqa: N801 - typed as a function
    """Turns each image about its middle by an angle that is spread evenly.

    A pixel at `(u, v)` from the middle is taken from `(u cos a - v sin a, u sin a + v cos a)`, `a` in
    `[-degrees, degrees]`.

    >>> rotate(180).change(torch.ones(2, 1, 4, 4), torch.zeros(2))[0].shape
    torch.Size([2, 1, 4, 4])
    """

    degrees: Number = field(
        10.0, "largest angle, in degrees", within="[0, 180]", search=uniform(0.0, 30.0), also=("rotation", "angle")
    )

    @override
    def matrices(self, count: int, height: int, width: int) -> Tensor:
        angles = evenly(count, -self.degrees, self.degrees).deg2rad()
        cos, sin = angles.cos(), angles.sin()
        maps = _identities(count)
        maps[:, 0, 0], maps[:, 0, 1] = cos, -sin
        maps[:, 1, 0], maps[:, 1, 1] = sin, cos
        return maps


class scale(Geometric):  # noqa: N801 - typed as a function
    """Makes each image larger or smaller about its middle, by a factor spread evenly in `[1 - share, 1 + share]`.

    >>> scale(share=0.2)
    scale(share=0.2)
    """

    share: Number = field(
        0.1, "largest change of the size, as a share of it", within="[0, 1)", search=uniform(0.0, 0.3),
        also=("zoom", "resize"),
    )  # fmt: skip

    @override
    def matrices(self, count: int, height: int, width: int) -> Tensor:
        maps = _identities(count)
        maps[:, :2, :2] /= evenly(count, 1 - self.share, 1 + self.share)[:, None, None]
        return maps


class shift(Geometric):  # noqa: N801 - typed as a function
    """Shifts each image by fractions of pixels, in both directions evenly spread; `crop` shifts by whole ones.

    >>> shift(share=0.0).change(torch.ones(1, 1, 2, 2), torch.zeros(1))[0]
    tensor([[[[1., 1.],
              [1., 1.]]]])
    """

    share: Number = field(
        0.1, "largest shift, as a share of height and of width", within="[0, 1)", search=uniform(0.0, 0.2),
        also=("translation",),
    )  # fmt: skip

    @override
    def matrices(self, count: int, height: int, width: int) -> Tensor:
        maps = _identities(count)
        maps[:, 0, 2] = evenly(count, -self.share * width, self.share * width)
        maps[:, 1, 2] = evenly(count, -self.share * height, self.share * height)
        return maps

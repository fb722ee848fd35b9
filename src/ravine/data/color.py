"""Augmentations of an image's light: brightness, contrast and color, drawn for each image.

Inputs may be standardized, so nothing is cut off to [0, 1] unless that is asked for.
"""

import torch
from torch import Tensor
from typing_extensions import override

from ..fields import Number, field, flag
from ..ranges import uniform
from .augmentation import Augmentation
from .chance import beside, evenly

# kornia is imported where it is used: it takes a fifth of a second, which listing the parts must not cost.


class brightness(Augmentation):  # noqa: N801 - typed as a function
    """Adds a number to all pixels of an image, evenly spread in `[-amount, amount]`.

    It is in units of the input: 0.2 is a fifth of the way from black to white in [0, 1], and a fifth of a standard
    deviation where inputs are standardized.

    Szeliski 2022, "Computer Vision", section 3.1.1.

    >>> x, _ = brightness(0.5).change(torch.zeros(3, 1, 2, 2), torch.zeros(3))
    >>> bool((x.abs() <= 0.5).all()), bool((x == x[:, :1, :1, :1]).all())
    (True, True)
    """

    images = True
    amount: Number = field(
        0.2, "largest change, in units of the input", at_least=0, search=uniform(0.0, 0.3), also=("color jitter",)
    )
    clip: bool = flag(False, "whether values are cut off to [0, 1], for images that lie there")

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        from kornia.enhance import adjust_brightness

        return adjust_brightness(x, evenly(len(x), -self.amount, self.amount), clip_output=self.clip), y


class contrast(Augmentation):  # noqa: N801 - typed as a function
    """Stretches an image's distances from its own mean: `m + f (x - m)`, `f` evenly spread in `[1 - share, 1 + share]`.

    The mean is that over all pixels and channels, so that inputs may have any range.

    >>> x, _ = contrast(0.5).change(torch.tensor([[[[1.0, 3.0]]]]), torch.zeros(1))
    >>> round(float(x.mean()), 6)
    2.0
    """

    images = True
    share: Number = field(
        0.2, "largest change of the distances from the mean, as a share of them", within="[0, 1]",
        search=uniform(0.0, 0.5), also=("color jitter",),
    )  # fmt: skip
    clip: bool = flag(False, "whether values are cut off to [0, 1], for images that lie there")

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        # kornia's own form cuts off to [0, 1] whether it is asked to or not.
        factors = beside(evenly(len(x), 1 - self.share, 1 + self.share), x)
        changed = torch.lerp(x.mean((1, 2, 3), keepdim=True), x, factors)
        return (changed.clamp(0, 1) if self.clip else changed), y


class color(Augmentation):  # noqa: N801 - typed as a function
    """Strengthens or weakens an image's colors and turns them around the wheel, each by an amount evenly spread.

    A pixel is `(Y, U, V)`: its lightness stays, and `(U, V)` is stretched by the change of saturation and turned by the
    change of hue. That is linear, so inputs may have any range if it is the same for all three channels.

    ITU-R BT.601 for Y, U and V, as kornia has them; its own turn of hue goes through HSV, which needs [0, 1].

    >>> x, _ = color(1.0, hue=180).change(torch.full((1, 3, 2, 2), 0.5), torch.zeros(1))
    >>> bool(torch.allclose(x, torch.tensor(0.5)))
    True
    """

    images = True
    saturation: Number = field(
        0.2, "largest change of the saturation, as a share of it", within="[0, 1]", search=uniform(0.0, 0.5),
        also=("color jitter",),
    )  # fmt: skip
    hue: Number = field(10.0, "largest turn around the wheel of colors, in degrees", within="[0, 180]")
    clip: bool = flag(False, "whether values are cut off to [0, 1], for images that lie there")

    @override
    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        from kornia.color import rgb_to_yuv, yuv_to_rgb

        factors = evenly(len(x), 1 - self.saturation, 1 + self.saturation)
        angles = evenly(len(x), -self.hue, self.hue).deg2rad()
        cos, sin = beside(factors * angles.cos(), x), beside(factors * angles.sin(), x)
        lightness, u, v = rgb_to_yuv(x).split(1, dim=1)
        changed = yuv_to_rgb(torch.cat([lightness, cos * u - sin * v, sin * u + cos * v], dim=1))
        return (changed.clamp(0, 1) if self.clip else changed), y

"""What augmentations make of a batch; neighbors that move pixels become one sampling."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from .augmentation import Augmentation
from .color import brightness, color, contrast
from .geometry import Geometric, crop, flip, rotate, sampled, scale, shift
from .mix import cutmix, mixup
from .noise import erase, gaussian_noise, salt_and_pepper
from .randomness import seeded

AUGMENTATIONS: dict[str, type[Augmentation]] = {
    part.__name__: part
    for part in (
        crop, flip, rotate, scale, shift, brightness, contrast, color, erase, gaussian_noise, salt_and_pepper, mixup,
        cutmix,
    )
}  # fmt: skip
"""Every augmentation by the name that it is typed as."""


def augmented(parts: Sequence[Augmentation], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Changes a batch by several augmentations, in their order.

    Args:
        parts: The augmentations; with none of them the batch stays as it is.
        x: Inputs, `[b, ...]`; they are not written to.
        y: Targets, `[b, ...]`; shares of each class, `[b, C]`, where a part mixes and targets are classes.

    Returns:
        The inputs and targets that are trained on, with their dtypes, devices and memory formats.

    >>> augmented((flip(chance=1.0), crop(padding=0)), torch.tensor([[[[1.0, 2.0]]]]), torch.tensor([3]))
    (tensor([[[[2., 1.]]]]), tensor([3]))
    """
    changed = x
    for moving, group in groupby(parts, lambda part: isinstance(part, Geometric)):
        if moving:
            changed = sampled([part for part in group if isinstance(part, Geometric)], changed)
        else:
            for part in group:
                changed, y = part.change(changed, y)
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):  # which some of PyTorch's functions forget
        changed = changed.contiguous(memory_format=torch.channels_last)
    return changed, y


class Samples(NamedTuple):
    """Some examples as they are and as training sees them, for a look at what augmentation does."""

    plain: Tensor
    """The inputs as they are, `[m, ...]`."""
    inputs: Tensor
    """The inputs after all parts, `[m, ...]`."""
    targets: Tensor
    """The targets after all parts, `[m, ...]`."""


def samples(parts: Sequence[Augmentation], x: Tensor, y: Tensor, count: int, seed: int) -> Samples:
    """Shows what augmentations make of the first few of some examples; nobody else's random numbers move.

    Args:
        parts: The augmentations.
        x: Inputs, `[b, ...]`, a whole batch: examples are mixed with any of them.
        y: Targets, as `augmented` takes them.
        count: How many are wanted, at most b.
        seed: The luck.

    Returns:
        The first `count` examples.

    >>> samples((gaussian_noise(std=0.0),), torch.ones(3, 1), torch.tensor([0, 1, 0]), count=2, seed=0).targets
    tensor([0, 1])
    """
    with seeded(seed):
        inputs, targets = augmented(parts, x, y)
    return Samples(x[:count], inputs[:count], targets[:count])

"""What changes a batch while training, and only then: each such part is one function of inputs and targets."""

from typing import ClassVar

from torch import Tensor

from ..part import Part


class Augmentation(Part):
    """Changes a batch before the network sees it, in training only (abstract).

    A part of one's own derives from it and says in `change` what becomes of inputs and targets. It draws from
    PyTorch's default generator, which is seeded before every step, so that the same run meets the same luck.
    """

    mixes: ClassVar[bool] = False
    """Whether it makes one example of several: classes then come as shares of each class, `[b, C]`."""
    images: ClassVar[bool] = False
    """Whether it takes nothing but images, `[b, c, h, w]`."""
    moves: ClassVar[bool] = False
    """Whether pixels change their place, so that a target with a place for each pixel would have to follow."""

    def change(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Changes one batch.

        Args:
            x: Inputs, `[b, ...]`; they are not written to.
            y: Targets, `[b, ...]`; shares of each class, `[b, C]`, where the part mixes and targets are classes.

        Returns:
            The inputs and targets that are trained on.
        """
        raise NotImplementedError

"""Dropout, written out with its gradient; the readable reference of PyTorch's fast ones.

In training every unit is kept with probability `keep`, drawn anew for every example and step, or set to zero with
probability `drop = 1 - keep`: with a mask m of ones and zeros,

    training        test              form
    y = m x / keep  y = x             "inverted": what PyTorch does
    y = m x         y = keep x        the paper's and most textbooks'

Since the mean of m is keep, each form has in training, on average, its output at test; the two differ by the factor
keep everywhere, which the weights that follow take up. The gradient passes where the unit did, at the same scale:
`dL/dx = m dL/dy / keep`, and `m dL/dy`.

Texts differ in which probability they name: PyTorch's `p` and Keras's `rate` are `drop`, the paper's `p` is `keep`.
Here both have a name, and exactly one is given.

Neighbors in a map say nearly the same, so that dropping one of them drops nothing: over maps `channels=True` keeps or
drops a channel as a whole ("spatial dropout"; Tompson et al. 2015, section 3.2, https://arxiv.org/abs/1411.4280).

Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", sections 4 and 10.
https://jmlr.org/papers/v15/srivastava14a.html

    >>> _ = torch.manual_seed(0)
    >>> x = torch.ones(1, 8)
    >>> dropout, textbook = Dropout(drop=0.5), Dropout(keep=0.5, scaled="test")
    >>> dropout(x).tolist(), textbook(x).tolist()  # in training: two draws
    ([[2.0, 0.0, 2.0, 2.0, 2.0, 0.0, 2.0, 0.0]], [[1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]])
    >>> dropout.eval()(x)[0, 0].item(), textbook.eval()(x)[0, 0].item()
    (1.0, 0.5)
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..errors import RavineError
from ..fields import text
from .written import Written


class Masked(Written):
    """`y = scale m x`, with `dL/dx = scale m dL/dy`."""

    @staticmethod
    def forward(x: Tensor, mask: Tensor, scale: float) -> Tensor:
        """Multiplies by a mask and a number."""
        return x * mask * scale

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004 - PyTorch's signature
        """Keeps the mask: the gradient passes where the input did."""
        _, mask, context.scale = inputs
        context.save_for_backward(mask)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gives the gradient toward x; itself a masking, so that it has a gradient too."""
        (g,), (mask,) = gradients, context.saved_tensors
        return Masked.of(g, mask, context.scale), None, None


class Dropout(nn.Module):
    """Drops units in training, or channels; draws from PyTorch's default generator of the input's device.

    Args:
        drop: The probability that a unit is dropped, in [0, 1); or give `keep`.
        keep: The probability that it is kept, in (0, 1].
        channels: Whether what is kept or dropped is a whole channel of `[b, C, ...]` instead of one element.
        scaled: When outputs are scaled: "training", by 1/keep, or "test", by keep.

    Raises:
        RavineError: Both probabilities are given or neither, or one is out of bounds, or `scaled` is no such word.
    """

    def __init__(
        self,
        *,
        drop: float | None = None,
        keep: float | None = None,
        channels: bool = False,
        scaled: str = "training",
    ) -> None:
        super().__init__()
        self.drop = probability_of_drop("Dropout", drop, keep)
        self.channels = channels
        self.scaled = scaled
        if scaled not in {"training", "test"}:
            raise RavineError(f"Dropout(scaled={scaled!r}): scaled must be 'training' or 'test'.")

    def forward(self, x: Tensor) -> Tensor:
        """Drops in training; passes everything at test.

        Args:
            x: Units, `[b, ...]`; or maps, `[b, C, ...]`.

        Returns:
            The same shape.
        """
        keep = 1 - self.drop
        if not self.training:
            return x * keep if self.scaled == "test" else x
        shape = [*x.shape[:2], *(1,) * (x.dim() - 2)] if self.channels else x.shape
        mask = (torch.rand(shape, dtype=x.dtype, device=x.device) < keep).to(x.dtype)
        return Masked.of(x, mask, 1.0 if self.scaled == "test" else 1 / keep)

    def extra_repr(self) -> str:
        """Says what was chosen, for the network's text."""
        return f"drop={text(self.drop)}, channels={self.channels}, scaled={self.scaled!r}"


def probability_of_drop(typed: str, drop: float | None, keep: float | None) -> float:
    """Reads the one of two probabilities that was given.

    Args:
        typed: Who asks, for the error's sentence.
        drop: The probability that a unit is dropped.
        keep: The probability that it is kept.

    Returns:
        The probability that it is dropped.

    Raises:
        RavineError: Both are given or neither, or the one given is out of bounds.

    >>> probability_of_drop("Dropout", None, 0.75)
    0.25
    """
    check_one_given(typed, drop, keep)
    given, bound = (f"drop={text(drop)}", "[0, 1)") if keep is None else (f"keep={text(keep)}", "(0, 1]")
    dropped = drop if keep is None else 1 - keep
    if dropped is None or not 0 <= dropped < 1:
        raise RavineError(f"{typed}({given}): {given.partition('=')[0]} must be in {bound}.")
    return dropped


def check_one_given(typed: str, drop: Any, keep: Any) -> None:
    """Refuses two probabilities, and none.

    Args:
        typed: Who asks, for the error's sentence.
        drop: The one of dropping, if given.
        keep: The one of keeping, if given.

    Raises:
        RavineError: Not exactly one is given.
    """
    if (drop is None) == (keep is None):
        given = f"drop={text(drop)}, keep={text(keep)}" if drop is not None else ""
        raise RavineError(f"{typed}({given}): give either drop, such as drop=0.2, or keep, such as keep=0.8.")

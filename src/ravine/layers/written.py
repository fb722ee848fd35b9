"""What the written-out layers have in common: a forward, what it keeps, and a gradient made of that."""

from typing import Any

from torch import Tensor
from torch.autograd import Function


class Written(Function):
    """An operation with its gradient written out (abstract).

    `backward` is made of operations that have gradients themselves, so that every one here can be differentiated twice.
    """

    @classmethod
    def of(cls, *inputs: Any) -> Any:
        """Applies the operation.

        Args:
            *inputs: What `forward` takes.

        Returns:
            What `forward` gives, with a gradient.
        """
        return cls.apply(*inputs)

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - PyTorch's name is an abbreviation
        """Keeps what the gradient needs.

        Args:
            context: Where it is kept.
            inputs: What `forward` took.
            output: What it gave.
        """
        raise NotImplementedError  # each operation needs something else

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride] - as above
        """Gives the gradient toward every input.

        Args:
            context: What was kept.
            *gradients: The loss's gradient toward every output.

        Returns:
            One for each input; None for what is no tensor, or does not need one.
        """
        raise NotImplementedError  # each operation has its own

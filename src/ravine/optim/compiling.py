"""How a step stays outside of what `torch.compile` traces: it is compiled already, once for all models."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch

Method = TypeVar("Method", bound=Callable[..., Any])


def not_traced(method: Method) -> Method:
    """Marks a method that PyTorch's compiler calls without looking into it: the graph breaks, and goes on behind it.

    The mark is what `torch.compiler.disable` leaves on a function, without its import of the compiler, which takes over
    a second. The evaluator of frames, which is in PyTorch's core, is told to leave the frame and all below it alone.

    Args:
        method: A function in Python.

    Returns:
        The same function.

    >>> @not_traced
    ... def step():
    ...     return "compiled by its own engine"
    >>> step()
    'compiled by its own engine'
    """
    marked: Any = method
    marked._torchdynamo_disable = True
    marked._torchdynamo_disable_msg = "an optimizer's step is compiled by its own engine"
    try:
        frames: Any = torch._C._dynamo.eval_frame  # pyright: ignore[reportAttributeAccessIssue]
        skipping = frames._FrameExecStrategy(frames._FrameAction.SKIP, frames._FrameAction.SKIP)
        frames.set_code_exec_strategy(marked.__code__, skipping)
    except AttributeError:  # a PyTorch that names it otherwise tries each frame below, in vain and to the same numbers
        return method
    return method

"""Convolution in 1, 2 and 3 dimensions, written out with its gradients; the readable reference of PyTorch's fast ones.

A kernel w slides over an input x. At place i of the output, in one dimension and for one channel,

    y[i] = sum over k of w[k] x[s i + d k]

with the stride s and the dilation d; x is padded with zeros first. (As everywhere in deep learning the kernel is not
flipped: mathematics calls this a correlation.) Read by k instead of by i, it is a sum of shifted copies of the input,
each times one number of the kernel, and so it is computed here. Over C channels it is the sum of C convolutions of
one channel, each with its own kernel; every output channel sums with kernels of its own. With g[i] = dL/dy[i]:

    dL/dx[j] = sum over i, k with s i + d k = j of g[i] w[k]     a convolution of g with the flipped kernel
    dL/dw[k] = sum over i of g[i] x[s i + d k]                   a correlation of the input with g
    dL/dbias = sum over i of g[i]

Both are convolutions again, so `convolution` computes them, and their gradients in turn.

LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition", section II. Dumoulin & Visin 2016,
"A guide to convolution arithmetic for deep learning", chapter 4, has the gradients' sizes.
https://arxiv.org/abs/1603.07285

By hand, three weights over five inputs give three outputs:

    >>> import torch
    >>> x = torch.tensor([[[2.0, 0.0, 1.0, 3.0, -1.0]]], requires_grad=True)
    >>> w = torch.tensor([[[1.0, 2.0, -1.0]]], requires_grad=True)
    >>> y = convolution(x, w)
    >>> y.tolist()  # 2 + 0 - 1, 0 + 2 - 3, 1 + 6 + 1
    [[[1.0, -1.0, 8.0]]]

A loss whose gradient toward them is g = (1, -1, 2) moves the inputs by how each weight passed over them,

    dL/dx1 = g1 w1                   =  1
    dL/dx2 = g1 w2 + g2 w1           =  2 - 1     =  1
    dL/dx3 = g1 w3 + g2 w2 + g3 w1   = -1 - 2 + 2 = -1
    dL/dx4 =         g2 w3 + g3 w2   =  1 + 4     =  5
    dL/dx5 =                 g3 w3   = -2

and the weights by what each of them saw:

    dL/dw1 = g1 x1 + g2 x2 + g3 x3   =  2 - 0 + 2 =  4
    dL/dw2 = g1 x2 + g2 x3 + g3 x4   =  0 - 1 + 6 =  5
    dL/dw3 = g1 x3 + g2 x4 + g3 x5   =  1 - 3 - 2 = -4

    >>> y.backward(torch.tensor([[[1.0, -1.0, 2.0]]]))
    >>> x.grad.tolist(), w.grad.tolist()
    ([[[1.0, 1.0, -1.0, 5.0, -2.0]]], [[[4.0, 5.0, -4.0]]])
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..errors import RavineError
from .shifts import Moves, Sizes, exchanged, padded, shifted_products, with_gaps
from .written import Written


def convolution(
    x: Tensor,
    w: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """Convolves in as many dimensions as the kernel has.

    `y[f, i] = bias[f] + sum over c, k of w[f, c, k] x[c, s i + d k]`, with x padded by zeros first.
    The output has `floor((n + 2 padding - dilation (K - 1) - 1) / stride) + 1` places for n inputs and K weights in a
    dimension. It is differentiable any number of times.

    Args:
        x: Inputs, `[b, C, n]`, `[b, C, h, w]` or `[b, C, d, h, w]`.
        w: Kernels, `[F, C / groups, K, ...]`, with as many dimensions as x.
        bias: A number for each output channel, `[F]`.
        stride: Steps of the kernel between two outputs, at least 1; one number, or one for each dimension.
        padding: Zeros on both sides of the input, at least 0.
        dilation: Distance in the input of two neighbors in the kernel, at least 1.
        groups: Into how many parts the channels fall; each part of the outputs sees one part of the inputs.

    Returns:
        Outputs, `[b, F, ...]`.

    Raises:
        RavineError: The shapes or settings do not fit together.

    >>> import torch
    >>> ones = torch.ones(1, 1, 2, 2)
    >>> convolution(ones, ones, padding=1).tolist()
    [[[[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]]]
    """
    dimensions = w.dim() - 2
    moves = Moves(
        _each("stride", stride, dimensions, 1),
        _each("padding", padding, dimensions, 0),
        _each("dilation", dilation, dimensions, 1),
        _each("groups", groups, 1, 1)[0],
    )
    _check(x, w, bias, moves)
    return Convolution.of(x, w, bias, moves)


class Convolution(Written):
    """A convolution with its gradients; `convolution` checks what it is given."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, bias: Tensor | None, moves: Moves) -> Tensor:
        """Sums shifted products."""
        y = shifted_products(padded(x, moves.padding), w, moves)
        return y if bias is None else y + bias.reshape(-1, *(1,) * (y.dim() - 2))

    @staticmethod
    def setup_context(context: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG004 - PyTorch's signature
        """Keeps what the gradients need."""
        x, w, _, context.moves = inputs
        context.save_for_backward(x, w)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Gives the gradients that are asked for, each by operations that have gradients themselves."""
        (g,), (x, w) = gradients, context.saved_tensors
        asked = context.needs_input_grad
        return (
            toward_input(g, w, x.shape[2:], context.moves) if asked[0] else None,
            toward_kernel(g, x, w.shape[2:], context.moves) if asked[1] else None,
            g.sum(dim=(0, *range(2, g.dim()))) if asked[2] else None,
            None,
        )


def toward_input(g: Tensor, w: Tensor, sizes: Sequence[int], moves: Moves) -> Tensor:
    """Gives dL/dx: every input collects g from all outputs that it entered, by the weights it entered them with.

    That is a convolution with the flipped kernel, over g with stride - 1 zeros between neighbors, since the kernel
    stood at every stride-th place only, and with zeros around it, since inputs at the border were met by a part of the
    kernel. What was padding gets no gradient: it is cut off, where the numbers of zeros below are negative.

    Args:
        g: The gradient toward the outputs, `[b, F, ...]`.
        w: The kernels, `[F, C / groups, K, ...]`.
        sizes: The input's size in each dimension.
        moves: How the kernels moved.

    Returns:
        A tensor of the input's shape.
    """
    spread = with_gaps(g, moves.stride)
    reach = [d * (K - 1) for d, K in zip(moves.dilation, w.shape[2:], strict=True)]
    before = [r - p for r, p in zip(reach, moves.padding, strict=True)]
    # A stride may leave inputs at the end that no output saw: they get their zeros here.
    after = [n + r - b - count for n, r, b, count in zip(sizes, reach, before, spread.shape[2:], strict=True)]
    flipped = exchanged(w.flip(tuple(range(2, w.dim()))), moves.groups)
    return convolution(padded(spread, before, after), flipped, dilation=moves.dilation, groups=moves.groups)


def toward_kernel(g: Tensor, x: Tensor, sizes: Sequence[int], moves: Moves) -> Tensor:
    """Gives dL/dw: every weight collects g from all outputs, by the input that it saw there.

    That is a correlation of the input with g as the kernel, in which examples take the part of channels, and stride
    and dilation trade places: the next output lies a stride further in the input, the next weight a dilation.

    Args:
        g: The gradient toward the outputs, `[b, F, ...]`.
        x: The inputs, `[b, C, ...]`.
        sizes: The kernel's size in each dimension.
        moves: How the kernels moved.

    Returns:
        A tensor of the kernels' shape.
    """
    channels = x.shape[1] // moves.groups
    # [b, groups c, ...] to [c, groups b, ...]: each group correlates its own channels with its own outputs.
    inputs = x.reshape(len(x), moves.groups, channels, *x.shape[2:]).permute(2, 1, 0, *range(3, x.dim() + 1))
    inputs = padded(inputs.reshape(channels, moves.groups * len(x), *x.shape[2:]), moves.padding)
    found = convolution(
        inputs, g.transpose(0, 1), stride=moves.dilation, dilation=moves.stride, groups=moves.groups
    ).transpose(0, 1)
    return found[:, :, *(slice(size) for size in sizes)]  # inputs that no output saw would lengthen the kernel


def _each(name: str, given: Any, dimensions: int, least: int) -> Sizes:
    """Reads a number for all dimensions, or one for each."""
    values = (given,) * dimensions if isinstance(given, int) else given
    fits = isinstance(values, (tuple, list)) and len(values) == dimensions
    if not fits or any(not isinstance(v, int) or isinstance(v, bool) or v < least for v in values):
        several = f", or {dimensions} of them" if dimensions > 1 else ""
        raise RavineError(
            f"convolution(..., {name}={given!r}): {name} must be a whole number of at least {least}{several}."
        )
    return tuple(values)


def _check(x: Tensor, w: Tensor, bias: Tensor | None, moves: Moves) -> None:
    given = f"convolution(x, w) with x of shape {list(x.shape)} and w of shape {list(w.shape)}"
    if w.dim() not in {3, 4, 5} or x.dim() != w.dim():
        raise RavineError(f"{given}: both must have 3, 4 or 5 dimensions: examples and channels, then 1 to 3 of space.")
    if x.shape[1] != w.shape[1] * moves.groups or len(w) % moves.groups or 0 in w.shape[2:]:
        raise RavineError(
            f"{given} in groups={moves.groups}: w must be [F, C / groups, ...] for x of [b, C, ...], with F and C "
            "multiples of groups."
        )
    if bias is not None and bias.shape != w.shape[:1]:
        raise RavineError(f"{given}: bias must have the shape [{len(w)}], got {list(bias.shape)}.")
    reach = [d * (K - 1) + 1 for d, K in zip(moves.dilation, w.shape[2:], strict=True)]
    room = [n + 2 * p for n, p in zip(x.shape[2:], moves.padding, strict=True)]
    if any(n < r for n, r in zip(room, reach, strict=True)):
        raise RavineError(f"{given}: the kernel reaches over {reach} inputs, and there are {room} with padding.")

"""The written-out convolution against PyTorch's, against numbers by hand, and against differences."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional

from ravine.errors import RavineError
from ravine.layers import convolution

FAST = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}


@st.composite
def cases(draw, most: int = 4):
    """Sizes and settings that fit together, with up to `most` inputs beyond the smallest that the kernel fits."""
    dimensions = draw(st.integers(1, 3))

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.lists(st.integers(low, high), min_size=dimensions, max_size=dimensions)))

    kernel, stride, padding, dilation = each(1, 3), each(1, 3), each(0, 3), each(1, 3)
    groups, inputs, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    smallest = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in zip(kernel, padding, dilation, strict=True)]
    size = [n + more for n, more in zip(smallest, each(0, most), strict=True)]
    shapes = [draw(st.integers(1, 2)), groups * inputs, *size], [groups * outputs, inputs, *kernel]
    chosen = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return *shapes, draw(st.booleans()), chosen


def tensors(x_shape, w_shape, with_bias, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = [x_shape, w_shape, *([w_shape[:1]] if with_bias else [])]
    made = [torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_() for shape in shapes]
    return made if with_bias else [*made, None]


@given(cases())
@settings(max_examples=150)
def test_outputs_and_gradients_are_those_of_pytorch(case):
    x_shape, w_shape, with_bias, chosen = case
    given = tensors(x_shape, w_shape, with_bias)
    present = [each for each in given if each is not None]
    ours, theirs = convolution(*given, **chosen), FAST[len(x_shape) - 2](*given, **chosen)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    g = torch.randn(ours.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    pairs = zip(torch.autograd.grad(ours, present, g), torch.autograd.grad(theirs, present, g), strict=True)
    for our_gradient, their_gradient in pairs:
        torch.testing.assert_close(our_gradient, their_gradient, rtol=1e-12, atol=1e-12)


@given(cases(most=1))
@settings(max_examples=40)
def test_gradients_are_those_of_differences(case):
    x_shape, w_shape, with_bias, chosen = case
    given = tensors([1, *x_shape[1:]], w_shape, with_bias)
    assert gradcheck(lambda *t: convolution(*t, **chosen), given, fast_mode=math.prod(x_shape) > 60)


@given(cases(most=1))
@settings(max_examples=20)
def test_gradients_of_gradients_are_those_of_differences(case):
    x_shape, w_shape, with_bias, chosen = case
    given = tensors([1, *x_shape[1:]], w_shape, with_bias)
    assert gradgradcheck(lambda *t: convolution(*t, **chosen), given, fast_mode=True)


@given(cases())
@settings(max_examples=40)
def test_over_channels_it_is_the_sum_of_convolutions_of_one_channel(case):
    x_shape, w_shape, _, chosen = case
    inputs = w_shape[1]
    x, w, _ = tensors([x_shape[0], inputs, *x_shape[2:]], w_shape, with_bias=False)
    chosen = chosen | {"groups": 1}
    whole = convolution(x, w, **chosen)
    for f in range(len(w)):
        one_by_one = [convolution(x[:, c : c + 1], w[f : f + 1, c : c + 1], **chosen) for c in range(inputs)]
        torch.testing.assert_close(whole[:, f : f + 1], sum(one_by_one), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_one_channel_is_what_scipy_calls_a_correlation(dimensions):
    x, w, _ = tensors([1, 1, *[6] * dimensions], [1, 1, *range(2, 2 + dimensions)], with_bias=False)
    x, w = x.detach(), w.detach()
    np.testing.assert_allclose(
        convolution(x, w)[0, 0].numpy(), correlate(x[0, 0].numpy(), w[0, 0].numpy(), mode="valid"), rtol=1e-12
    )


def test_the_gradient_toward_the_input_is_a_convolution_with_the_flipped_kernel():
    x, w, _ = tensors([1, 1, 9], [1, 1, 3], with_bias=False)
    g = torch.randn(1, 1, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    (gradient,) = torch.autograd.grad(convolution(x, w), x, g)
    np.testing.assert_allclose(gradient[0, 0].numpy(), np.convolve(g[0, 0], w[0, 0].detach()), rtol=1e-12)


def test_inputs_that_no_output_saw_have_no_gradient():
    x, w, _ = tensors([1, 1, 8], [1, 1, 2], with_bias=False)
    convolution(x, w, stride=3).sum().backward()
    assert (x.grad != 0).tolist() == [[[True, True, False, True, True, False, True, True]]]


def test_only_what_is_asked_for_gets_a_gradient():
    x, w, bias = tensors([1, 2, 5], [3, 2, 2], with_bias=True)
    convolution(x.detach(), w, bias).sum().backward()
    assert x.grad is None
    assert w.grad is not None
    torch.testing.assert_close(bias.grad, torch.full((3,), 4.0, dtype=torch.float64))


def test_no_examples_give_no_outputs():
    _, w, bias = tensors([1, 2, 5], [3, 2, 2], with_bias=True)
    x = torch.empty(0, 2, 5, dtype=torch.float64, requires_grad=True)
    y = convolution(x, w, bias)
    y.sum().backward()
    assert y.shape == (0, 3, 4)
    assert x.grad.shape == x.shape
    assert w.grad.count_nonzero() == 0


def test_per_example_gradients_are_taken_by_torch_func():
    x, w, _ = tensors([1, 1, 5], [1, 1, 3], with_bias=False)
    by_func = torch.func.grad(lambda w: convolution(x.detach(), w).square().sum())(w.detach())
    torch.testing.assert_close(by_func, torch.autograd.grad(convolution(x, w).square().sum(), w)[0])


@pytest.mark.parametrize(
    ("x", "w", "chosen", "sentence"),
    [
        ([1, 2, 5], [1, 2, 3], {"stride": 0}, "stride=0): stride must be a whole number of at least 1."),
        ([1, 2, 5], [1, 2, 3], {"stride": True}, "stride=True): stride must be a whole number"),
        ([1, 2, 5], [1, 2, 3], {"padding": -1}, "padding must be a whole number of at least 0."),
        ([1, 2, 5, 5], [1, 2, 3, 3], {"padding": (1,)}, "must be a whole number of at least 0, or 2 of them."),
        ([1, 2, 5], [1, 2, 3], {"dilation": 1.5}, "dilation=1.5): dilation must be"),
        ([1, 2, 5], [1, 2, 3], {"groups": 0}, "groups must be a whole number of at least 1"),
        ([1, 2, 5], [3, 1, 3], {"groups": 2}, "in groups=2: w must be [F, C / groups, ...]"),
        ([1, 2, 5], [1, 3, 3], {}, "x of shape [1, 2, 5] and w of shape [1, 3, 3] in groups=1"),
        ([2, 5], [1, 2, 3], {}, "both must have 3, 4 or 5 dimensions"),
        ([2, 5], [1, 2], {}, "both must have 3, 4 or 5 dimensions"),
        ([1, 2, 5], [1, 2, 0], {}, "w must be [F, C / groups, ...]"),
        ([1, 2, 5], [1, 2, 3], {"dilation": 3}, "the kernel reaches over [7] inputs, and there are [5]"),
        ([1, 2, 5], [4, 2, 3], {"bias": torch.zeros(3)}, "bias must have the shape [4], got [3]."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_one_sentence(x, w, chosen, sentence):
    with pytest.raises(RavineError, match=re.escape(sentence)):
        convolution(torch.zeros(x), torch.zeros(w), **chosen)

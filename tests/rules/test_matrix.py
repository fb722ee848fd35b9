"""Newton-Schulz: against singular value decompositions in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.engines.each import Each
from ravine.errors import RavineError
from ravine.rules.matrix import columns, newton_schulz, rows

QUINTIC = (3.4445, -4.7750, 2.0315)
SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))


def mapped(x, steps, coefficients):
    """The same by what it does to singular values."""
    a, b, c = coefficients
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    s = s / np.sqrt((s**2).sum())
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return u * s @ vh


@given(shape=SHAPES, seed=st.integers(0, 999), steps=st.integers(0, 8), scale=st.floats(1e-3, 1e3))
def test_it_is_a_polynomial_of_the_singular_values_alone(shape, seed, steps, scale):
    x = scale * np.random.default_rng(seed).normal(size=shape)
    ours = newton_schulz(torch.tensor(x), steps, QUINTIC, 1e-7)
    np.testing.assert_allclose(ours.numpy(), mapped(x, steps, QUINTIC), rtol=0, atol=1e-9)


@given(shape=SHAPES, seed=st.integers(0, 999))
def test_with_newtons_own_coefficients_it_ends_at_the_nearest_orthogonal_matrix(shape, seed):
    u, _, vh = np.linalg.svd(np.random.default_rng(seed).normal(size=shape), full_matrices=False)
    x = u * np.linspace(1, 2, min(shape)) @ vh  # singular values known, so that it converges within the steps
    ours = newton_schulz(torch.tensor(x), 30, (1.5, -0.5, 0.0), 1e-7)
    np.testing.assert_allclose(ours.numpy(), u @ vh, rtol=0, atol=1e-9)


@given(seed=st.integers(0, 999))
def test_many_of_one_shape_and_of_others_come_back_in_order(seed):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(3, 4), (4, 3), (3, 4), (2, 2, 2), (3, 4), (0, 4)]
    xs = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    many = newton_schulz(Each(xs), Each([5, 5, 3, 5, 5, 5]), QUINTIC, 1e-7)
    for x, steps, ours in zip(xs, (5, 5, 3, 5, 5, 5), many.items, strict=True):
        assert ours.shape == x.shape
        assert torch.allclose(ours, newton_schulz(x, steps, QUINTIC, 1e-7), rtol=0, atol=1e-13)


def test_trailing_dimensions_are_one():
    x = torch.randn(4, 3, 2, 2, dtype=torch.float64)
    flat = newton_schulz(x.reshape(4, 12), 5, QUINTIC, 1e-7)
    assert torch.equal(newton_schulz(x, 5, QUINTIC, 1e-7), flat.reshape(x.shape))
    assert (rows(x), columns(x)) == (4, 12)
    assert rows(Each([x, flat])).items == [4, 4]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("bfloat16", [False, True])
def test_precision_is_kept_whatever_it_is_worked_out_in(dtype, bfloat16):
    x = torch.randn(3, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours = newton_schulz(x.to(dtype), 5, QUINTIC, 1e-7, bfloat16)
    assert ours.dtype == dtype
    exact = newton_schulz(x, 5, QUINTIC, 1e-7)
    coarse = bfloat16 or dtype in (torch.float16, torch.bfloat16)
    assert torch.allclose(ours.double(), exact, rtol=0, atol=0.1 if coarse else 1e-5)
    assert torch.equal(ours.double(), exact) == (dtype == torch.float64 and not bfloat16)


@pytest.mark.parametrize("eps", [0.0, 1e-7])
def test_no_gradient_is_no_direction(eps):
    assert torch.equal(newton_schulz(torch.zeros(3, 2), 5, QUINTIC, eps), torch.zeros(3, 2))
    assert newton_schulz(torch.zeros(0, 2), 5, QUINTIC, eps).shape == (0, 2)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_what_is_no_matrix_is_told_where_to_go(shape):
    for call in (rows, columns, lambda x: newton_schulz(x, 5, QUINTIC, 1e-7)):
        with pytest.raises(RavineError) as refusal:
            call(torch.zeros(shape))
        assert f"the shape {shape}: write Split(Muon(), AdamW())" in str(refusal.value)
        assert "\n" not in str(refusal.value)

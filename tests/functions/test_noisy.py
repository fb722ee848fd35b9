"""Noise on gradients: its mean and size, where it comes from, and whom it helps."""

import math

import numpy as np
import pytest
import torch

from ravine.functions import Himmelblau, NoisyGradient, NoisyQuadratic, RareInputs, Ravine, Sampled, StrictSaddle
from ravine.functions.rare_inputs import _examples

from ..refused import check_refused


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_noise_has_the_mean_and_the_spread_that_are_stated():
    each, std, runs = Himmelblau(), 0.7, 20_000
    x = torch.tensor([1.0, -2.0], dtype=torch.float64).expand(runs, 2)
    e = NoisyGradient(each, std).gradient(x, seeded()) - each.gradient(x)
    assert (e.mean(0).abs() < 4 * std / math.sqrt(runs)).all()
    assert (e.std(0) / std - 1).abs().max() < 4 / math.sqrt(2 * runs)
    assert abs(np.corrcoef(e.T.numpy())[0, 1]) < 4 / math.sqrt(runs)


def test_the_generator_alone_decides_the_noise():
    noisy, x = NoisyGradient(Ravine(), 0.5), torch.tensor([[1.0, 2.0], [0.5, 0.25]], dtype=torch.float64)
    state = torch.get_rng_state()
    first = noisy.gradient(x, seeded(3))
    assert torch.equal(first, noisy.gradient(x, seeded(3)))
    assert not torch.equal(first, noisy.gradient(x, seeded(4)))
    assert np.array_equal(first.numpy(), noisy.gradient(x.numpy(), seeded(3)))
    torch.testing.assert_close(noisy.gradient(x.float(), seeded(3)), first.float(), rtol=1e-6, atol=1e-6)
    assert noisy.gradient(x.numpy().astype(np.float32), seeded(3)).dtype == np.float32
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(NoisyGradient(Ravine(), 0.0).gradient(x, seeded()), Ravine().gradient(x))
    assert noisy([1.0, 1.0]) == Ravine()([1.0, 1.0])


def test_noise_is_not_cut_to_whole_numbers():
    whole = torch.tensor([1, 1])
    noisy, few = NoisyGradient(Ravine(), 0.5), Sampled(RareInputs(), 3)
    for each in (noisy, few, NoisyQuadratic(n=2)):
        assert torch.equal(each.gradient(whole, seeded(3)), each.gradient(whole.double(), seeded(3)))
        assert each.gradient(whole, seeded(3)).dtype == torch.float64


def test_noise_leads_off_the_saddle_that_gradient_descent_walks_into():
    each = StrictSaddle()
    x = quiet = torch.tensor(each.start, dtype=torch.float64)
    noisy, generator = NoisyGradient(each, 0.01), seeded()
    for _ in range(200):
        x, quiet = x - 0.1 * noisy.gradient(x, generator), quiet - 0.1 * each.gradient(quiet)
    assert quiet.norm() < 1e-8
    assert each(x) == pytest.approx(each.minima[0].value, abs=1e-3)


def test_examples_are_what_their_fields_say():
    each = RareInputs(share=0.05, noise=0.5)
    r = each.residuals(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    u, v, t = r[1] - r[0], r[2] - r[0], -r[0]
    assert np.unique(u.round(12)).tolist() == [-1, 1]
    assert (np.count_nonzero(v), *np.round([v.sum(), u.sum(), u @ v], 12)) == (10, 0, 0, 0)
    errors = t - u - 3 * v
    assert errors.std() == pytest.approx(0.5, rel=0.02)
    assert abs(errors.mean()) < 0.005
    assert np.unique(RareInputs(noise=0.0).residuals([1.0, 3.0])).tolist() == [0]
    assert np.count_nonzero(np.diff(RareInputs(share=1.0).residuals(np.array([[0.0, 0], [0, 1]])), axis=0)) == 200


@pytest.mark.parametrize("fields", [{}, {"share": 0.3, "noise": 0.1}, {"share": 1.0, "noise": 0.0}])
def test_the_surface_of_examples_is_half_their_mean_squared_error(fields):
    each = RareInputs(**fields)
    x = np.random.default_rng(0).normal(size=(7, 2))
    np.testing.assert_allclose(each(x), np.mean(each.residuals(x) ** 2, -1) / 2, rtol=1e-13)
    lowest = each.minima[0]
    assert each(lowest.x) == pytest.approx(lowest.value, rel=1e-13, abs=1e-14)
    assert np.abs(each.gradient(lowest.x)).max() < 1e-14


@pytest.mark.parametrize("batch_size", [1, 8])
def test_a_few_examples_give_the_gradient_on_average(batch_size: int):
    each, runs = RareInputs(), 40_000
    few = Sampled(each, batch_size)
    x = torch.tensor([0.2, 1.0], dtype=torch.float64)
    g = few.gradient(x.expand(runs, 2), seeded())
    error = g.std(0) / math.sqrt(runs)
    assert ((g.mean(0) - each.gradient(x)).abs() < 4 * error).all()
    r = each.residuals(x).numpy()
    u, v = (each.residuals(np.array([[1.0, 0], [0, 1]])) - each.residuals([0.0, 0.0])) * r
    expected = np.stack([u, v]).std(1) / math.sqrt(batch_size)
    np.testing.assert_allclose(g.std(0).numpy(), expected, rtol=0.05)
    assert torch.equal(few.gradient(x, seeded(1)), few.gradient(x, seeded(1)))
    assert few.gradient(x.numpy(), seeded(1)).tolist() == few.gradient(x, seeded(1)).tolist()
    assert few.gradient(x.float(), seeded(1)).dtype == torch.float32
    assert few(x) == each(x)


def lowest_mean(each: RareInputs, memory: float | None, steps: int = 200, runs: int = 50) -> float:
    """The mean excess loss from single examples at the best of 9 rates: SGD (0), RMSprop, or Adagrad (None)."""
    lr = torch.logspace(-2, 0.5, 9, dtype=torch.float64)[:, None, None]
    x, s, generator = torch.zeros(9, runs, 2, dtype=torch.float64), 0.0, seeded()
    few = Sampled(each, 1)
    for _ in range(steps):
        g = few.gradient(x, generator)
        s = s + g**2 if memory is None else memory * s + (1 - memory) * g**2 if memory else 1.0
        x = x - lr * g / (torch.as_tensor(s).sqrt() + 1e-10)
    return float((each(x) - each.minima[0].value).mean(1).nan_to_num(math.inf).min())


def test_adagrad_is_right_where_an_input_is_rare():
    each = RareInputs()
    adagrad = lowest_mean(each, None)
    assert adagrad < lowest_mean(each, 0.0) / 2
    assert adagrad < lowest_mean(each, 0.9) / 1.5


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: NoisyGradient(Ravine(), -1.0), "std must be at least 0, got -1.0"),
        (lambda: NoisyGradient("ravine"), "NoisyGradient(surface='ravine'): surface must be a surface, got 'ravine'."),
        (lambda: NoisyGradient(Ravine(), math.nan), "std must be at least 0, got nan"),
        (
            lambda: Sampled(Ravine()),
            "ravine has no examples to draw from; take NoisyGradient(Ravine()), or RareInputs()",
        ),
        (lambda: NoisyGradient(Ravine()).gradient([1.0, 1.0], None), "generator must be a torch.Generator, got None: "),
        (lambda: Sampled(RareInputs()).gradient([1.0, 1.0], None), "give torch.Generator().manual_seed(0)."),
        (
            lambda: NoisyQuadratic(n=2).gradient([1.0, 1.0], np.random.default_rng(0)),
            "generator must be a torch.Generator, got Generator(PCG64)",
        ),
        (lambda: NoisyQuadratic(n=2).begin(3, 0), "generator must be a torch.Generator, got 0"),
        (lambda: Sampled(RareInputs(), 0), "batch_size must be at least 1, got 0"),
        (lambda: RareInputs(share=0.0), "share must be in [0.01, 1], got 0.0"),
        (lambda: Sampled(RareInputs()).gradient([1.0], seeded()), "a point has 2 coordinates, got 1"),
    ],
)
def test_one_line_says_what_is_wrong(wrong, says: str):
    check_refused(wrong, says)


def test_examples_that_are_kept_cannot_be_overwritten():
    for each in _examples(0.05, 1.0):
        with pytest.raises(ValueError, match="read-only"):
            each[0] = 3.0

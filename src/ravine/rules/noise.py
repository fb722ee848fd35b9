"""Noise: adds normal noise to the gradient, less and less of it as training goes on.

Neelakantan et al. 2015, "Adding Gradient Noise Improves Learning for Very Deep Networks", section 3.
https://arxiv.org/abs/1511.06807

Choose it when a very deep or awkwardly initialized network gets stuck early.
Departs from the paper: nothing; it counts steps from 0 where `t` here counts from 1, so that its `1 + t` is `t`.

The noise of a step is a function of (seed, t, tensor, element) alone: see `counter`.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12, on the same noise):

    >>> import numpy as np, torch
    >>> from ravine.rules import SGD, Noise, counter, walk
    >>> curvature, p, like = np.array([1.0, 10.0]), np.array([1.0, 1.0]), torch.zeros(2, dtype=torch.float64)
    >>> for t in range(1, 51):
    ...     g = curvature * p
    ...     g = g + np.sqrt(0.3 / t**0.55) * counter.normal(like, seed=7, t=t, tensor=0).numpy()
    ...     p = p - 0.05 * g

    >>> rule = Noise(SGD(lr=0.05), eta=0.3, seed=7)
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from ..part import leaves, substitute
from .rule import Number, Rule, field, log, normal, sqrt, times, uniform
from .wrapper import Wrapper


class Noise(Wrapper):
    """Adds noise of variance `eta / t^gamma` to the gradient: `g <- g + N(0, eta / t^gamma)`."""

    eta: Number = field(
        0.01,
        "variance of the noise at the first step, in units of the gradient squared",
        at_least=0,
        search=log(1e-3, 1.0),
        also=("variance", "gradient noise"),
    )
    gamma: Number = field(
        0.55, "power of the step count by which the variance falls", at_least=0, search=uniform(0.3, 1.0)
    )
    seed: int | None = field(
        None, "sequence of noise; None for the run's own, and sequence 0 outside of a run", at_least=0, whole=True
    )

    def update(self, p: Any, g: Any, inner: Any, t: Any, tensor: Any) -> Any:
        sigma = sqrt(self.eta / t**self.gamma)
        seed = 0 if self.seed is None else self.seed
        return inner(p, g + times(sigma, normal(g, seed, t, tensor)))


def seeded(rule: Rule, seed: int) -> Rule:
    """Gives a run's seed to whatever in a rule draws noise and has no seed of its own.

    Args:
        rule: Any rule.
        seed: The run's seed.

    Returns:
        The rule, its noise reproducible from the seed; unchanged where there is no noise in it.

    >>> from ravine.rules import SGD, Clip
    >>> seeded(Clip(Noise(SGD()), norm=1.0), seed=3)
    Clip(Noise(SGD(), seed=3), norm=1.0)
    """
    unset = leaves(rule, lambda value: value is None)
    return substitute(rule, {path: seed for path in unset if path[-1] == "seed"})

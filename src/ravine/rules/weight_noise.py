"""WeightNoise: takes the gradient at weights with normal noise on them, new at every step.

Murray & Edwards 1994, "Enhanced MLP Performance and Fault Tolerance Resulting from Synaptic Weight Noise During
Training". https://doi.org/10.1109/72.317730
Graves 2011, "Practical Variational Inference for Neural Networks", where it is a posterior of a fixed width.
https://papers.nips.cc/paper/4329-practical-variational-inference-for-neural-networks

Choose it when a small network, or a recurrent one, learns its examples by heart: on average it goes down the loss
smoothed by a normal distribution around p, `E f(p + std z)`, which has no narrow valleys, at the cost of one gradient.
Departs from the papers: every element gets the same additive noise; the first paper's multiplicative noise is not here.

The noise of a step is a function of (seed, t, tensor, element) alone: see `counter`. A step needs a closure, and the
parameters that the rule moves are those without noise. `Decay`, also through the gradient, pulls those.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12, on the same noise):

    >>> import numpy as np, torch
    >>> from ravine.rules import SGD, WeightNoise, counter, walk, weight_noise
    >>> curvature, p, like = np.array([1.0, 10.0]), np.array([1.0, 1.0]), torch.zeros(2, dtype=torch.float64)
    >>> for t in range(1, 51):
    ...     z = counter.normal(like, seed=7 + weight_noise.APART, t=t, tensor=0).numpy()
    ...     p = p - 0.05 * curvature * (p + 0.3 * z)

    >>> rule = WeightNoise(SGD(lr=0.05), std=0.3, seed=7)
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, field, log, normal, times
from .wrapper import Wrapper

APART = 1 << 63
"""What is added to the seed, so that it and a `Noise` with the same one do not draw the same numbers."""


class WeightNoise(Wrapper):
    """Takes the gradient at `p + std z`, where z is standard normal, new at every step."""

    std: Number = field(
        0.01,
        "standard deviation of the noise, in units of the parameter",
        at_least=0,
        search=log(1e-3, 0.3),
        also=("sigma", "weight noise", "synaptic noise", "variational noise"),
    )
    seed: int | None = field(
        None, "sequence of noise; None for the run's own, and sequence 0 outside of a run", at_least=0, whole=True
    )

    def gradient_at(self, p: Any, t: Any, tensor: Any) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride]
        seed = 0 if self.seed is None else self.seed
        return p + times(self.std, normal(p, seed + APART, t, tensor))

    def update(self, p: Any, g: Any, inner: Any) -> Any:
        return inner(p, g)

"""Average: lets the mean of the weights along the path predict, while the rule walks on as before.

Polyak & Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging", for the running mean.
https://doi.org/10.1137/0330046

Choose it when the last steps still jump about: the mean is where they jump around. It costs one more copy of the
weights. Batch-norm statistics belong to the weights, so they are estimated anew before the mean predicts.
Departs from the paper: nothing for the running mean. The exponential mean is corrected for its start, as Adam's are,
so that it weighs the weights of `start` and later only and never the random ones that training began with; after
about 3/(1-decay) steps that is the usual `mean = decay mean + (1 - decay) p`.

In five lines of NumPy, as a textbook has it (the rule walks the same path to 1e-12):

    >>> import numpy as np
    >>> curvature, p, path = np.array([1.0, 10.0]), np.array([1.0, 1.0]), []
    >>> for t in range(1, 51):
    ...     p = p - 0.05 * curvature * p
    ...     path.append(p)

    >>> from ravine.rules import SGD, Average, walk
    >>> rule = Average(SGD(lr=0.05), start=20)
    >>> bool(np.allclose(walk(rule, [1.0, 1.0], curvature, steps=50), p, rtol=0, atol=1e-12))
    True
    >>> mean = walk(rule, [1.0, 1.0], curvature, steps=50, predict=True)
    >>> bool(np.allclose(mean, np.mean(path[20:], axis=0), rtol=0, atol=1e-12))
    True
"""

from typing import Any

from .rule import Number, copy_of_p, field, integers, maximum, near_one
from .wrapper import Wrapper


class Average(Wrapper):
    """Keeps the mean of the weights, which predicts: `mean <- (1 - w) mean + w p`, w falling as 1/n or to 1 - decay."""

    decay: Number = field(
        None,
        "memory of an exponential mean: about 1/(1-decay) steps; None for the plain mean of all",
        within="[0, 1)",
        search=near_one(0.9, 0.9999),
        also=("ema", "polyak", "swa", "momentum"),
    )
    start: Number = field(
        0, "count of steps before the mean begins; it is p itself until then", at_least=0, search=integers(0, 1000)
    )

    state = {"mean": copy_of_p}
    predict_with = "mean"

    def update(self, p: Any, g: Any, mean: Any, inner: Any, t: Any) -> Any:
        p = inner(p, g)
        n = maximum(t - self.start, 1)
        w = 1 / n if self.decay is None else (1 - self.decay) / (1 - self.decay**n)
        mean = (1 - w) * mean + w * p
        return p, mean

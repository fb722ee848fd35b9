"""How much members differ: they help one another only where they do.

Krogh & Vedelsby 1995, "Neural Network Ensembles, Cross Validation, and Active Learning": the squared error of an
average is the members' mean squared error less their *ambiguity*, the spread of what they say. The same holds as an
inequality for the log loss of averaged probabilities (Jensen).
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..data.coding import decode
from .ensemble import Ensemble


def words_of(outputs: Tensor, ensemble: Ensemble) -> np.ndarray:
    """Tells what each member predicts.

    Args:
        outputs: The members' outputs, `[m, n, ...]`.
        ensemble: Theirs.

    Returns:
        `[m, n, ...]`: classes by their numbers, or numbers in the target's own unit.
    """
    coding = ensemble.task.training_data.coding
    if coding.classes is not None:
        coding = replace(coding, classes=tuple(range(len(coding.classes))))
    return np.stack([decode(each, ensemble.task.used_loss.kind, coding) for each in outputs])


def between_pairs(words: np.ndarray) -> np.ndarray:
    """Measures how much each two members differ.

    Args:
        words: What they predict, `[m, n, ...]`: classes as whole numbers, or numbers.

    Returns:
        `[m, m]`: the share of differing classes, or the root of the mean squared difference of numbers.

    >>> between_pairs(np.array([[0, 1, 1, 2], [0, 1, 2, 2], [1, 1, 2, 2]]))
    array([[0.  , 0.25, 0.5 ],
           [0.25, 0.  , 0.25],
           [0.5 , 0.25, 0.  ]])
    """
    if words.dtype.kind == "f":
        return np.array([[np.sqrt(np.square(one - other).mean()) for other in words] for one in words])
    return np.array([[(one != other).mean() for other in words] for one in words])


def disagreement(pairs: np.ndarray, numbers: bool) -> float:
    """Sums up how much members differ.

    Args:
        pairs: What `between_pairs` gave.
        numbers: Whether they predict numbers.

    Returns:
        The mean share of differing classes over all pairs; for numbers the spread, the root of the members' mean
        variance.

    >>> disagreement(between_pairs(np.array([[1.0], [3.0]])), numbers=True)                    # the variance is 1
    1.0
    """
    count = len(pairs)
    if numbers:  # the mean squared difference of two is twice the variance
        return float(np.sqrt(np.square(pairs).sum() / (2 * count**2)))
    return float(pairs.sum() / max(1, count * (count - 1)))


def ambiguity(outputs: Tensor, weights: Tensor | None = None) -> Tensor:
    r"""Computes the spread of members that say numbers, for each example.

    $$ \bar a = \sum_i w_i (f_i - \bar f)^2, \qquad \bar f = \sum_i w_i f_i, \qquad (\bar f - y)^2 = \sum_i w_i (f_i -
    y)^2 - \bar a. $$

    Args:
        outputs: $f_i$, `[m, n, ...]`.
        weights: $w_i$, `[m]`, which are brought to a sum of one; None for equal ones.

    Returns:
        `[n, ...]`.

    >>> ambiguity(torch.tensor([[1.0], [3.0]]))               # squared errors from 0: 1 and 9, and 4 of the mean
    tensor([1.])
    """
    w = torch.ones(len(outputs), dtype=outputs.dtype) if weights is None else weights.to(outputs.dtype)
    w = (w / w.sum()).reshape(-1, *[1] * (outputs.dim() - 1))
    return (w * (outputs - (w * outputs).sum(0)).square()).sum(0)

"""The rules of boosting, written out over any learner: networks come to them as functions.

Each takes a function that trains the next member and tells what it says of all training examples, so that the same
lines can be held against any other implementation with its own learner.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class Boosted:
    """What boosting has come to: how much each member counts, and why it went no further."""

    weights: list[float] = field(default_factory=list)
    """How much each member counts; those that were trained after them have no say."""
    errors: list[float] = field(default_factory=list)
    """The share of the examples' weight that each got wrong, or for numbers the mean squared residual before it."""
    note: str = ""


def reweighted(
    fit: Callable[[Tensor, int], Tensor | None], targets: Tensor, classes: int, members: int, shrinkage: float = 1.0
) -> Boosted:
    r"""Boosts by giving more weight to what the members before got wrong: SAMME.

    With weights $w_i$ of a sum of one, at first all equal, and K classes:

    $$ e_m = \sum_i w_i [h_m(x_i) \ne y_i], \quad \alpha_m = \nu \left(\ln \frac{1 - e_m}{e_m} + \ln (K - 1)\right),
    \quad w_i \leftarrow w_i e^{\alpha_m [h_m(x_i) \ne y_i]} / \textstyle\sum. $$

    Members vote with weights $\alpha_m$. A member no better than chance, $e_m \ge 1 - 1/K$, has no say and ends it;
    and so does one without error, which leaves nothing to reweight. The latter counts as if it had got half of an
    average example wrong, where the paper's $\alpha$ would be infinite (and scikit-learn's is 1).

    Zhu, Zou, Rosset & Hastie 2009, "Multi-class AdaBoost", Algorithm 2. https://doi.org/10.4310/SII.2009.v2.n3.a8

    Args:
        fit: Trains a member on weights, `[n]` with a sum of one, and its number; gives the classes that it predicts for
            all examples, `[n]`, or None where it diverged.
        targets: The true classes, `[n]`.
        classes: How many there are.
        members: How many members to train.
        shrinkage: $\nu$, above 0.

    Returns:
        What it came to.

    >>> said = iter([torch.tensor([0, 0, 0, 1]), torch.tensor([0, 1, 1, 1])])
    >>> done = reweighted(lambda weights, number: next(said), torch.tensor([0, 0, 1, 1]), classes=2, members=2)
    >>> [round(error, 4) for error in done.errors], [round(weight, 4) for weight in done.weights]
    ([0.25, 0.1667], [1.0986, 1.6094])
    """
    count, done = len(targets), Boosted()
    w = torch.full((count,), 1 / count, dtype=torch.float64)
    for number in range(members):
        said = fit(w, number)
        if said is None:
            done.note = f"Boosting ended with member {number}, which diverged."
            return done
        wrong = said != targets
        error = float(w[wrong].sum())
        done.errors.append(error)
        if error >= 1 - 1 / classes:
            done.note = f"Boosting ended with member {number}: its error, {error:.3g}, is no better than chance."
            return done
        floored = max(error, 0.5 / count)
        alpha = shrinkage * (math.log((1 - floored) / floored) + math.log(classes - 1))
        done.weights.append(alpha)
        if error <= 0:
            done.note = f"Boosting ended with member {number}: it gets every training example right."
            return done
        w = torch.where(wrong, w * math.exp(alpha), w)
        w = w / w.sum()
    return done


def residual_fitted(
    fit: Callable[[Tensor, int], Tensor | None], targets: Tensor, members: int, shrinkage: float
) -> tuple[Boosted, Tensor]:
    r"""Boosts numbers by fitting what the members before have left: gradient boosting for the squared error.

    $$ F_0 = \bar y, \qquad h_m \approx y - F_{m-1}, \qquad F_m = F_{m-1} + \nu h_m. $$

    Friedman 2001, "Greedy Function Approximation: A Gradient Boosting Machine", Algorithm 2 (LS_Boost) with the
    shrinkage of section 5. https://doi.org/10.1214/aos/1013203451. The line search of the paper is left out: for a
    learner that makes the squared error small its step is 1.

    Args:
        fit: Trains a member on residuals, `[n, ...]`, and its number; gives what it says of all examples, in the same
            shape, or None where it diverged.
        targets: The true numbers, `[n, ...]`.
        members: How many members to train.
        shrinkage: $\nu$, in (0, 1].

    Returns:
        What it came to, and $F_0$.

    >>> done, start = residual_fitted(lambda residuals, number: residuals, torch.tensor([1.0, 5.0]), 3, shrinkage=0.5)
    >>> start, done.weights, done.errors                              # a perfect learner halves what is left each time
    (tensor(3., dtype=torch.float64), [0.5, 0.5, 0.5], [4.0, 1.0, 0.25])
    """
    y, done = targets.double(), Boosted()
    start = y.mean(0)
    f = start.expand(y.shape)
    for number in range(members):
        residuals = y - f
        said = fit(residuals, number)
        if said is None:
            done.note = f"Boosting ended with member {number}, which diverged."
            break
        done.errors.append(float(residuals.square().mean()))
        done.weights.append(shrinkage)
        f = f + shrinkage * said.double()
    return done, start


def filtered(fit: Callable[[Tensor, int], Tensor | None], targets: Tensor, thirds: list[Tensor], seed: int) -> Boosted:
    """Boosts by filtering: the second member learns from what the first got wrong, the third from where they disagree.

    Each learns from a third of its own. The first from all of it. The second's is filtered by a fair coin: at heads
    the next example that the first gets wrong, at tails the next that it gets right, until there is none, so that the
    first is no better than chance on what is left. The third's are those on which the first two disagree. Where these
    two agree they decide, else the third does: as votes, with weights 1, 1 and 1.5.

    Schapire 1990, "The Strength of Weak Learnability", section 4 (https://doi.org/10.1007/BF00116037), who draws from a
    source that never ends; for networks Drucker, Schapire & Simard 1993, "Boosting Performance in Neural Networks".

    Args:
        fit: Trains a member on some examples, by their numbers, and its own number; gives the classes that it predicts
            for all examples, `[n]`, or None where it diverged.
        targets: The true classes, `[n]`.
        thirds: The numbers of the examples in each third.
        seed: Decides the coin.

    Returns:
        What it came to; it ends early where fewer than two examples pass a filter.
    """
    done, said = Boosted(), []
    for number, third in enumerate(thirds):
        rows = third if number == 0 else third[_passes(number, third, said, targets, seed)]
        if len(rows) < 2:
            done.note = (
                f"Boosting ended before member {number}: {len(rows)} of {len(third)} examples pass its filter, and it "
                "takes two to learn."
            )
            return done
        found = fit(rows, number)
        if found is None:
            done.note = f"Boosting ended with member {number}, which diverged."
            return done
        said.append(found)
        done.errors.append(float((found != targets).double().mean()))
        done.weights.append((1.25, 1.0, 1.5)[number])
    return done


def _passes(number: int, third: Tensor, said: list[Tensor], targets: Tensor, seed: int) -> Tensor:
    if number == 2:
        return said[0][third] != said[1][third]
    return coin_filter((said[0] != targets)[third], seed)


def coin_filter(wrong: Tensor, seed: int) -> Tensor:
    """Picks wrong and right ones in turn as a fair coin falls, until the one that it asks for does not come any more.

    Args:
        wrong: `[n]`, true where the first member is wrong.
        seed: Decides the coin.

    Returns:
        `[n]`, true for what passes.

    >>> coin_filter(torch.tensor([False, True, False, False, True, False, False]), seed=0)
    tensor([ True,  True, False, False,  True,  True, False])
    """
    luck = torch.Generator().manual_seed(seed)
    passes, heads = torch.zeros_like(wrong), bool(torch.randint(2, (), generator=luck))
    for k, one in enumerate(wrong.tolist()):
        if one == heads:
            passes[k] = True
            heads = bool(torch.randint(2, (), generator=luck))
    return passes

"""How members become one: their outputs, stacked, are combined into outputs in the task's own terms.

Outputs are `[m, n, ...]`, m members on n examples: for classes `[m, n, C, ...]` logits; for two classes `[m, n, ...]`
logits of the second; else numbers. What comes back is what one network would give, so that Ravine's metrics, and
`decode`, take it as they are.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import RavineError, nearest

COMBINE = ("average", "average_logits", "vote", "sum")
"""How members can be combined; "sum" is gradient boosting's, for numbers."""


def check_combine(combine: str, kind: str) -> None:
    """Refuses a way of combining members that does not suit the targets.

    Args:
        combine: How members are combined.
        kind: What the targets are: "classes", "binary", "numbers", or "given" where only a user's own loss knows.

    Raises:
        RavineError: There is no such way, or the targets have no labels to vote for, or no probabilities.
    """
    if combine not in COMBINE:
        raise RavineError(f"combine={combine!r} must be one of {', '.join(COMBINE)}.{nearest(str(combine), COMBINE)}")
    if combine == "vote" and kind not in {"classes", "binary"}:
        raise RavineError("combine='vote': members vote for labels, and these targets are numbers: use 'average'.")
    if combine == "average_logits" and kind == "numbers":
        raise RavineError("combine='average_logits': numbers have no logits: use 'average'.")
    if combine == "sum" and kind != "numbers":
        raise RavineError("combine='sum' adds up numbers, and these targets are classes: use 'average' or 'vote'.")


def combined(
    outputs: Tensor,
    kind: str,
    combine: str = "average",
    weights: Sequence[float] | Tensor | None = None,
    start: float | Tensor = 0.0,
) -> Tensor:
    r"""Combines the outputs of members.

    With weights $w_i$ that are brought to a sum of one, and members' outputs $z_i$:

    - "average": $\log \sum_i w_i\,\mathrm{softmax}(z_i)$ for classes, the same in logits for two of them, and
      $\sum_i w_i z_i$ for numbers and for a loss of one's own, which does not tell what outputs mean;
    - "average_logits": $\log\mathrm{softmax} \sum_i w_i z_i$;
    - "vote": $\log\,(v_c + 1/C) / (m + 1)$, $v_c$ of m votes being for class c: one more vote is shared by all
      classes (Perks 1947), since a share of zero would make the log loss infinite; the class with most votes is the
      same, and ties go to the first class;
    - "sum": $start + \sum_i w_i z_i$, with the weights as they are.

    All is worked out in float64.

    Args:
        outputs: `[m, n, ...]`.
        kind: What the targets are, "classes", "binary", "numbers" or "given".
        combine: How.
        weights: One for each member, `[m]`, or for each member and example, `[m, n]`; at least 0; None for equal ones.
        start: What "sum" adds to.

    Returns:
        `[n, ...]`, in the dtype of the outputs.

    >>> two = torch.tensor([[[0.9, 0.1]], [[0.5, 0.5]]]).log()
    >>> combined(two, "classes").exp()
    tensor([[0.7000, 0.3000]])
    >>> combined(torch.tensor([[1.0, 5.0], [3.0, 7.0]]), "numbers", weights=[1.0, 3.0])
    tensor([2.5000, 6.5000])
    """
    said = outputs.double()
    given = torch.as_tensor([1.0] * len(said) if weights is None else weights, dtype=said.dtype, device=said.device)
    w = given.reshape(*given.shape, *[1] * (said.dim() - given.dim()))
    if combine == "sum":
        return (start + (w * said).sum(0)).to(outputs.dtype)
    shares = w / w.sum(0)
    if combine == "vote":
        voters = (w > 0).sum(0)
        return _vote(said, kind, voters * shares, voters).to(outputs.dtype)
    logits_average = combine == "average_logits" or kind in {"numbers", "given"}
    mean = (shares * said).sum(0) if logits_average else _average(said, kind, shares)
    return (mean.log_softmax(1) if kind == "classes" else mean).to(outputs.dtype)


def _average(said: Tensor, kind: str, shares: Tensor) -> Tensor:
    """The logarithms of averaged probabilities; sums of logarithms throughout, so that none is rounded to zero."""
    if kind == "classes":
        return torch.logsumexp(said.log_softmax(2) + shares.log(), dim=0)
    second, first = (torch.logsumexp(functional.logsigmoid(z) + shares.log(), dim=0) for z in (said, -said))
    return second - first


def _vote(said: Tensor, kind: str, weights: Tensor, voters: Tensor) -> Tensor:
    if kind == "binary":
        second = (weights * (said > 0)).sum(0)
        return ((second + 1 / 2) / (voters - second + 1 / 2)).log()
    return ((votes(said, weights) + 1 / said.shape[2]) / (voters + 1)).log()


def votes(outputs: Tensor, weights: Tensor) -> Tensor:
    """Counts votes for classes.

    Args:
        outputs: `[m, n, C, ...]`; a member votes for the class of its largest output.
        weights: What each vote counts, broadcast to that shape.

    Returns:
        `[n, C, ...]`, in float64.

    >>> votes(torch.tensor([[[0.0, 2.0]], [[3.0, 1.0]], [[0.0, 1.0]]]), torch.ones(3, 1, 1))
    tensor([[1., 2.]], dtype=torch.float64)
    """
    chosen = outputs.argmax(2, keepdim=True)
    ones = torch.zeros(outputs.shape, dtype=torch.float64, device=outputs.device).scatter(2, chosen, 1.0)
    return (weights.double() * ones).sum(0)

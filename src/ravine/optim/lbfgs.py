"""L-BFGS, BFGS and Newton-CG as optimizers, the first with PyTorch's arguments."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor

from ..errors import RavineError, nearest
from ..minimize import backtracking, bfgs, lbfgs, newton_cg
from ..minimize.naming import SEARCHES
from ..minimize.search import Search
from .limits import check_limits
from .minimizer import Minimizer


class LBFGS(Minimizer):
    """`torch.optim.LBFGS` that searches by default, takes groups, and never ends on what is no number.

    What differs from PyTorch's: the default of `line_search_fn` is "strong_wolfe", where PyTorch takes steps of length
    `lr` unseen; other searches can be named; pairs are refused by their cosine, not by an absolute 1e-10, so that small
    steps are learned from, too; the history is one matrix; all parameters may stand in several groups. State dicts do
    not go over to PyTorch's, whose history is lists.

    Args:
        params: Tensors, named tensors or groups; all move together.
        lr: The step length where `line_search_fn` is None; else the first that a search tries. Where it is 0, nothing
            moves.
        max_iter: Steps of the method in a call of `step`.
        max_eval: Evaluations after which a call of `step` begins no other; None for 5/4 of `max_iter`.
        tolerance_grad: Largest component of the gradient at which it has converged.
        tolerance_change: Largest change of a parameter or of the loss at which it has.
        history_size: How many steps are remembered; a state that was saved with another goes on with its latest.
        line_search_fn: "strong_wolfe", "hager_zhang", "backtracking", a search of `ravine.minimize`, or None for steps
            of a fixed length.
        same_function: See `Minimizer`.

    Raises:
        RavineError: A number is out of bounds, or there is no such search.

    >>> import torch
    >>> x = torch.nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))
    >>> optimizer = LBFGS([x], max_iter=100)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> _ = optimizer.step(closure)
    >>> [round(value, 6) for value in x.tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | Search | None = "strong_wolfe",
        *,
        same_function: bool = False,
    ) -> None:
        super().__init__(
            params, lbfgs.LBFGS(history=history_size), _search(line_search_fn), lr=lr, max_iter=max_iter,
            max_eval=max_eval, tolerance_grad=tolerance_grad, tolerance_change=tolerance_change,
            same_function=same_function,
        )  # fmt: skip


class BFGS(Minimizer):
    """BFGS: a dense inverse Hessian from steps and gradient changes, for a few thousand parameters at most.

    The arguments are those of `LBFGS`, but for the history, which is all of it. Its matrix takes n^2 numbers.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        line_search_fn: str | Search | None = "strong_wolfe",
        *,
        same_function: bool = False,
    ) -> None:
        super().__init__(
            params, bfgs.BFGS(), _search(line_search_fn), lr=lr, max_iter=max_iter, max_eval=max_eval,
            tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, same_function=same_function,
        )  # fmt: skip


class NewtonCG(Minimizer):
    """Newton-CG in a trust region: curvature by Hessian-vector products alone, negative curvature followed down.

    Its closure returns the loss and does not call `backward`. A product counts as two evaluations, so that `max_eval`
    should allow for a few dozen in a step; None sets no limit.

    >>> import torch
    >>> x = torch.nn.Parameter(torch.tensor([-1.2, 1.0], dtype=torch.float64))
    >>> optimizer = NewtonCG([x], max_iter=100)
    >>> _ = optimizer.step(lambda: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2)
    >>> [round(value, 6) for value in x.tolist()]
    [1.0, 1.0]
    """

    def __init__(
        self,
        params: Iterable[Any],
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        *,
        forcing: float = 0.1,
        same_function: bool = False,
    ) -> None:
        check_limits({"max_iter": max_iter})
        most = max_iter * UNLIMITED if max_eval is None else max_eval
        super().__init__(
            params, newton_cg.NewtonCG(forcing=forcing), None, max_iter=max_iter, max_eval=most,
            tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, same_function=same_function,
        )  # fmt: skip


UNLIMITED = 10_000
"""Evaluations per step that no step of Newton-CG takes: its products are at most 200, each of which counts two."""


def _search(given: str | Search | None) -> str | Search:
    if given is None:
        return backtracking.Fixed()
    names = [name for name, part in SEARCHES.items() if part.line]
    if isinstance(given, str) and given not in names:
        raise RavineError(f"line_search_fn={given!r}: must be one of {', '.join(names)}.{nearest(given, names)}")
    return given

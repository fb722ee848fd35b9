"""Methods that need the loss as a function, with the face of `torch.optim.Optimizer`."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from ..errors import RavineError
from ..minimize.backtracking import Fixed
from ..minimize.descent import Descent
from ..minimize.naming import read_descent, read_search
from ..minimize.objective import BudgetSpentError
from ..minimize.search import Search
from ..minimize.state import Point, State
from ..minimize.stepping import advance, check_pair
from .closure_objective import ClosureObjective, joined, put
from .groups import listed_once
from .hooks import hooked
from .limits import check_budget, check_groups, check_limits
from .standing import read_state, reopened, taken_up, written


class Minimizer(torch.optim.Optimizer):
    """Moves parameters by a descent and a search, whose steps call the closure as often as they need to.

    Each call of `step` makes up to `max_iter` steps of the method on the function that the closure computes, and ends
    earlier where the gradient's largest component is at most `tolerance_grad`, where a step changes no parameter and no
    loss by more than `tolerance_change`, or after `max_eval` evaluations (None: 5/4 of `max_iter`, as PyTorch has it),
    but for a search that has begun. What was learned of the curvature stays for the next call, unless parameters were
    added, resized, converted, frozen or thawed between the two. A search that fails moves nothing; `message` says why.
    Nor does one in which the closure fails, by an error or by Ctrl-C: the parameters are then where the last whole step
    left them, and the error is raised on.

    `evaluations` counts all that was spent; `budget`, which may be set before a step to 1 or more, is what it may
    spend at most: then even a search is broken off, and the parameters are where the last whole step left them.

    A method of second derivatives, such as `NewtonCG`, wants a closure that returns the loss and does not call
    `backward`; the others want one that clears the gradients, computes the loss, calls `backward` and returns it.

    Args:
        params: Tensors, named tensors or groups; all move together.
        descent: Which way: a part of `ravine.minimize`, or its name.
        search: How far; None for what suits the descent.
        lr: The length that a search along a line tries first, in lengths of the direction, once curvature is known; for
            a fixed step, a factor on its length. Where it is 0, nothing moves.
        max_iter: Steps of the method in a call of `step`.
        max_eval: Evaluations after which a call of `step` begins no other step of the method.
        tolerance_grad: Largest component of the gradient at which it has converged.
        tolerance_change: Largest change at which it has.
        same_function: Whether every closure computes the same function, as on all data at once without noise: then the
            evaluation with which a step has ended is not made again.

    Raises:
        RavineError: The descent and the search do not go together, or a number is out of bounds.

    >>> weight = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    >>> optimizer = Minimizer([weight], "bfgs", max_iter=20)
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (weight ** 2 * torch.tensor([1.0, 10.0])).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item(), bool(weight.abs().max() < 1e-6)
    (49.0, True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        descent: str | Descent,
        search: str | Search | None = None,
        *,
        lr: float | Tensor = 1.0,
        max_iter: int = 1,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        same_function: bool = False,
    ) -> None:
        self.descent = read_descent(descent)
        self.search = self.descent.default_search() if search is None else read_search(search)
        check_pair(self.descent, self.search)
        if self.descent.needs == "residuals":
            raise RavineError(f"{self.descent!r} needs residuals, and a closure gives one number: see ravine.minimize.")
        self.same_function, self.message, self.evaluations, self.budget = same_function, "", 0, math.inf
        check_limits({"max_iter": max_iter})
        defaults = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
        }  # fmt: skip
        super().__init__(params, defaults)

    lr_factor = 1.0
    """What lr is multiplied by, as `Optimizer` has it: nobody lowers what a search finds."""

    @property
    def rule(self) -> Descent:
        """What a step does, as `Optimizer` names it."""
        return self.descent

    def predicting_weights(self) -> dict[int, tuple[Tensor, Tensor]]:
        """Finds, as `Optimizer` does, the weights that predict in the parameters' place: there are none.

        Returns:
            Nothing.
        """
        return {}

    @property
    def value(self) -> float:
        """The loss where it stands; NaN before the first step."""
        return self._held()["standing"]["value"] if self._held() else math.nan

    @property
    def gradient_norm(self) -> float:
        """The Euclidean norm of the gradient where it stands; NaN before the first step."""
        return float(self._held()["standing"]["gradient"].norm()) if self._held() else math.nan

    def _held(self) -> dict[str, Any]:
        return self.state.get(self._params()[0], {})

    @override
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Takes more parameters in: what was learned of the curvature begins anew.

        Args:
            param_group: The parameters under "params"; limits, if any, must be those of the other groups.

        Raises:
            RavineError: A limit is another one, or out of bounds; or a parameter is listed twice.
        """
        if isinstance(param_group, dict):
            param_group = listed_once({**self.defaults, **param_group})
            check_groups([*self.param_groups, param_group])
        super().add_param_group(param_group)

    @hooked
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Makes up to `max_iter` steps of the method.

        Args:
            closure: Computes the loss and its gradients.

        Returns:
            The loss before the first of them, as the closure returned it.

        Raises:
            RavineError: There is no closure, or it returns no loss.
        """
        if not callable(closure):
            raise RavineError(f"{type(self).__name__}.step() needs a closure that computes the loss: step(closure).")
        check_budget(self.budget, type(self).__name__)
        check_groups(self.param_groups)
        group, params = self.param_groups[0], self._params()
        backward = self.descent.needs == "a gradient"
        objective = ClosureObjective(closure, params, backward=backward, budget=self.budget)
        state = None
        try:
            state, loss = self._standing(objective, joined(params, params))
            for after in () if state is None else self._advanced(objective, state, group):
                state = after
        finally:  # where a closure fails, too: what was tried is undone, and what was accepted stays
            self.evaluations += objective.counts.evaluations
            if state is not None:
                self._keep(params, state)
        return loss

    def _standing(self, objective: ClosureObjective, x: Tensor) -> tuple[State | None, Any]:
        """Gives the state to go on from, with value and gradient of this closure; None where these are not finite."""
        before = taken_up(self._held(), self._params(), x)
        if self.same_function and before is not None and torch.equal(before.x, x):
            return reopened(before, before.point), x.new_tensor(before.value)
        point = Point(x, *objective.value_and_gradient(x))
        if not point.finite:
            self.message = f"not finite: the loss is {point.value} before the step, and nothing was moved."
            return None, objective.loss
        if before is None or before.success is False:
            return State(x, point.value, point.gradient, descent=self.descent.begin(point)), objective.loss
        return reopened(before, point), objective.loss

    def _advanced(self, objective: ClosureObjective, state: State, group: Mapping[str, Any]) -> Iterator[State]:
        """Yields the state after each step; the last one says why there is no other."""
        tolerance, smallest = group["tolerance_grad"], group["tolerance_change"]
        if float(group["lr"]) == 0:
            yield replace(state, message="no step was taken: lr is 0.")
            return
        for _ in range(group["max_iter"]):
            before, state = state, self._moved(objective, state, group)
            yield state
            if state.over:
                yield self._doubted(objective, state, tolerance)
                return
            change = max(float((state.x - before.x).abs().max()), abs(state.value - before.value))
            if change <= smallest:
                return
            if objective.counts.evaluations >= group["max_eval"]:
                yield replace(state, message=f"budget spent: {objective.counts.evaluations} evaluations.")
                return

    def _moved(self, objective: ClosureObjective, state: State, group: Mapping[str, Any]) -> State:
        """Makes one step of the method, which tries lr first; and 1 where that is so far off that it leads nowhere."""
        lr, search, tolerance = float(group["lr"]), self.search, group["tolerance_grad"]
        if isinstance(search, Fixed):
            return advance(self.descent, Fixed(lr * search.rate), objective, state, tolerance=tolerance)

        def after(first: float) -> State:
            with_first = replace(state, search={**state.search, "first": first})
            return advance(self.descent, search, objective, with_first, tolerance=tolerance)

        moved = after(lr)
        far_off = moved.steps == state.steps and lr != 1 and search.line and self.descent.knows_length
        return after(1.0) if far_off else moved

    def _doubted(self, objective: ClosureObjective, state: State, tolerance: float) -> State:
        """Asks once more for the value where a search found nothing: if it is another one, noise is to blame."""
        if not len(state.x) or float(state.gradient.abs().max()) <= tolerance:
            return state
        try:
            again = Point(state.x, *objective.value_and_gradient(state.x))
        except BudgetSpentError:
            return state
        if abs(again.value - state.value) <= state.point.noise:
            return state
        steady = "model.eval(), the same batch in every call, or ravine.optim.repeatable(closure, model)"
        if self.same_function:
            steady = "the same batch in every step, or same_function=False"
        values = f"{state.value:.12g} and then {again.value:.12g}"
        why = f"the closure gives another value at the same point, {values}, and no search goes by noise: use {steady}."
        return (reopened(state, again) if again.finite else state).ended(False, why)

    def _keep(self, params: list[Tensor], state: State) -> None:
        put(params, state.x)
        self.message = state.message
        self.state[params[0]] = written(state, type(self.descent).__name__, params)

    def __getstate__(self) -> dict[str, Any]:
        own = ("descent", "search", "same_function", "message", "evaluations", "budget")
        return super().__getstate__() | {name: getattr(self, name) for name in own}

    def _params(self) -> list[Tensor]:
        params = [p for group in self.param_groups for p in group["params"]]
        if not params:
            raise RavineError(f"{type(self).__name__}: there are no parameters to move.")
        return params

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave, to the last bit: PyTorch would cast what is kept in double precision.

        Args:
            state_dict: The state of an optimizer with the same method and parameters.

        Raises:
            RavineError: The state is of another method, or of other parameters; then nothing was taken.
        """
        params = self._params()
        held = read_state(state_dict, type(self.descent).__name__, params)
        super().load_state_dict({**state_dict, "state": {}})
        if held:
            self.state[params[0]] = held

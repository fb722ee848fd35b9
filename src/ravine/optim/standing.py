"""Where a method that searches stands, as an optimizer's state holds it: of what, and how it is taken up again."""

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor

from ..errors import RavineError
from ..minimize.state import Point, State
from .closure_objective import joined
from .limits import LIMITS, check_groups

KEYS = {"method", "parameters", "standing"}
"""What the state of the first parameter holds: whose it is, what kinds of parameters it is of, and where it stands."""


def written(state: State, method: str, params: Sequence[Tensor]) -> dict[str, Any]:
    """Writes down where a method stands, in numbers, text and tensors alone.

    Args:
        state: Where it stands.
        method: The descent's name.
        params: What it moves.

    Returns:
        What the optimizer's state holds.
    """
    return {"method": method, "parameters": _kinds(params), "standing": dict(vars(state))}


def taken_up(held: Mapping[str, Any], params: Sequence[Tensor], x: Tensor) -> State | None:
    """Goes on from what is held, if the parameters are of the same kinds still.

    A pair of points from before has no part along a parameter that came later, and one along a parameter that was
    frozen since, which must not move.

    Args:
        held: What the optimizer's state holds.
        params: The parameters.
        x: Their values [n].

    Returns:
        The state; None where parameters were added, resized, converted, moved to another device, frozen or thawed.
    """
    if not held or held["parameters"] != _kinds(params) or held["standing"]["x"].device != x.device:
        return None
    return State(**held["standing"])


def reopened(state: State, point: Point) -> State:
    """Gives a state that goes on from a point with what was learned before.

    Args:
        state: The state, over or not.
        point: Where it goes on, on whichever function.

    Returns:
        The state.
    """
    return replace(
        state, x=point.x, value=point.value, gradient=point.gradient, success=None, message="", stalls=0,
        lowest=math.inf, flattest=math.inf,
    )  # fmt: skip


def read_state(saved: Any, method: str, params: Sequence[Tensor]) -> dict[str, Any]:
    """Checks all of what was saved before any of it is used.

    Args:
        saved: What `state_dict` gave.
        method: The descent's name.
        params: The parameters that it is for.

    Returns:
        What the optimizer's state shall hold, a copy of its own on the parameters' device; nothing before a first step.

    Raises:
        RavineError: It is no state, or that of another method or of other parameters.
    """
    if not isinstance(saved, Mapping) or not {"state", "param_groups"} <= set(saved):
        got = f"only {', '.join(map(str, saved)) or 'nothing'}" if isinstance(saved, Mapping) else repr(saved)[:60]
        raise RavineError(f"load_state_dict takes what state_dict() gave, with a state and param_groups, got {got}.")
    for group in saved["param_groups"]:
        if absent := [name for name in ("params", *LIMITS) if name not in group]:
            raise RavineError(f"the state is of another method: a parameter group has no {', no '.join(absent)}.")
    check_groups(saved["param_groups"])
    if not saved["state"]:
        return {}
    held = next(iter(saved["state"].values()))
    if len(saved["state"]) > 1 or set(held) != KEYS or set(held["standing"]) != {each.name for each in fields(State)}:
        raise RavineError(f"the state is of another method, or damaged: it has {', '.join(map(str, held))}.")
    if held["method"] != method:
        raise RavineError(f"the state is of {held['method']}, and this is {method}: make the optimizer that was saved.")
    _check_sizes(held, params)
    return _moved(copy.deepcopy(held), params[0].device)


def _check_sizes(held: Mapping[str, Any], params: Sequence[Tensor]) -> None:
    kinds = zip(held["parameters"], _kinds(params), strict=False)  # PyTorch tells where their number differs
    for number, ((there, *_), (here, *_)) in enumerate(kinds):
        if there != here:
            raise RavineError(
                f"the state is of other parameters: number {number}, counted from 0, has shape {there} there, and "
                f"{here} here."
            )
    n, standing = joined(params, params).numel(), held["standing"]
    if any(standing[name].shape != (n,) for name in ("x", "gradient")):
        raise RavineError(f"the state is of {standing['x'].numel()} numbers, and there are {n}.")


def _kinds(params: Sequence[Tensor]) -> list[list[Any]]:
    return [[list(p.shape), str(p.dtype), p.requires_grad] for p in params]


def _moved(value: Any, device: torch.device) -> Any:
    """Moves what is of the parameters' kind to their device; small tables of numbers stay on the CPU."""
    if isinstance(value, Mapping):
        return {name: each if name == "products" else _moved(each, device) for name, each in value.items()}
    return value.to(device) if isinstance(value, Tensor) else value

"""The fields of a rule as parameter groups hold them: by name, each group with numbers of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from torch import Tensor

from ..errors import RavineError, nearest
from ..fields import text
from ..part import leaves, look_up, substitute
from ..ranges import is_range
from ..rules import Rule, field_names
from ..schedules import Schedule, bind, is_schedule

KEPT = {"count": 0, "lr_factor": 1.0}
"""What every parameter group keeps beside the rule's fields: the steps taken, and a factor on lr, for `plateau`."""

MARKS = {"params", "param_names", "name", *KEPT}
"""What else a parameter group may say of itself."""

COUNT = "step"
"""What a parameter's state keeps beside the rule's slots: how often it has stepped."""

Group = Mapping[str, Any]


@dataclass(frozen=True)
class Fields:
    """The numeric fields of a rule, where they stand in it, and which of them a schedule moves."""

    rule: Rule
    steps: int | None
    """The length of training, which schedules refer to."""
    paths: Mapping[str, tuple[Any, ...]]
    schedules: Mapping[str, Schedule]

    def at(self, t: int) -> dict[str, float]:
        """Asks every schedule.

        Args:
            t: The step, from 0.

        Returns:
            The present value of each field that holds one.
        """
        return {name: schedule(t, self.steps) for name, schedule in self.schedules.items()}  # pyright: ignore[reportArgumentType] - known where there are any

    def defaults(self) -> dict[str, Any]:
        """Gives what a group holds where nothing else is said.

        Returns:
            A value for each name, schedules at their first step.
        """
        return {**KEPT, **{name: look_up(self.rule, path) for name, path in self.paths.items()}, **self.at(0)}

    @property
    def without_schedules(self) -> Rule:
        """The rule with numbers where schedules were."""
        return substitute(self.rule, {self.paths[name]: value for name, value in self.at(0).items()})

    @cached_property
    def step_sizes(self) -> set[str]:
        """The names of the fields that are called lr, in whichever rule."""
        return {name for name, path in self.paths.items() if path[-1] == "lr"}

    def check_own(self, group: Group) -> None:
        """Refuses what a group says of its own that would be ignored, or that the rule could not take.

        Args:
            group: What somebody wrote.

        Raises:
            RavineError: There is no such field, or its value is out of bounds, or it holds a schedule.
        """
        for name, value in group.items():
            if name not in MARKS:
                self._check(name, value)

    def _check(self, name: str, value: Any) -> None:
        if name not in self.paths:
            raise RavineError(
                f"a parameter group has {name}={text(value)}, which {self.rule!r} does not have: "
                f"its fields are {', '.join(self.paths)}.{nearest(name, self.paths)}"
            )
        if name in self.schedules or is_schedule(value):
            raise RavineError(
                f"a parameter group has {name}={text(value)}: the schedule {self.schedules.get(name, value)!r} is for "
                f"all groups; give the rule a number for {name} where groups differ in it."
            )
        *above, field = self.paths[name]
        replace(look_up(self.rule, tuple(above)), **{field: value.item() if isinstance(value, Tensor) else value})

    def check_shown(self, shown: Group, groups: Iterable[Group]) -> None:
        """Tells of somebody else's hand on a field that holds a schedule: one of the two would be ignored.

        Args:
            shown: What the schedules last gave.
            groups: The groups, in which it should still stand.

        Raises:
            RavineError: A group holds something else.
        """
        for group in groups:
            for name, value in shown.items():
                if group[name] != value:
                    raise RavineError(
                        f"{name} holds the schedule {self.schedules[name]!r}, and was set to {group[name]!r} from "
                        f"outside, as PyTorch's schedulers do: give the rule a number for {name}, or leave it alone."
                    )


def listed_once(group: dict[str, Any]) -> dict[str, Any]:
    """Refuses a parameter that is listed twice: it would step twice on one gradient.

    Args:
        group: A parameter group as it was given.

    Returns:
        The group, its parameters in a list.

    Raises:
        RavineError: One parameter is there twice.
    """
    params = group.get("params")
    if params is None or isinstance(params, (Tensor, set)):
        return group
    listed = list(params)
    seen: dict[int, int] = {}
    for place, each in enumerate(listed):
        first = seen.setdefault(id(each[1] if isinstance(each, tuple) else each), place)
        if first != place:
            raise RavineError(
                f"a parameter group lists one parameter twice, at {first} and at {place} (counted from 0): it would "
                "step twice on one gradient. Take one of them out."
            )
    return group | {"params": listed}


def read_fields(rule: Any, steps: Any, steps_per_epoch: int | None) -> Fields:
    """Finds the fields of a rule that an optimizer is to follow.

    Args:
        rule: The rule.
        steps: The length of training.
        steps_per_epoch: How many steps an epoch has, for lengths in epochs.

    Returns:
        Its fields.

    Raises:
        RavineError: It is no rule, or holds a range, or a schedule whose length is not known; or a name in it is taken.
    """
    if not isinstance(rule, Rule):
        raise RavineError(f"Optimizer(params, {text(rule)}): a rule must come second, such as Adam(lr=0.001).")
    for each in leaves(rule, is_range).values():
        raise RavineError(f"{rule!r}: {each!r} is a range; an optimizer needs one number.")
    if steps is None and leaves(rule, is_schedule):
        raise RavineError(f"{rule!r} holds a schedule: say how long training is, as in Optimizer(..., steps=1000).")
    if steps is not None and (not isinstance(steps, int) or isinstance(steps, bool) or steps < 1):
        raise RavineError(f"Optimizer(steps={steps!r}): steps must be a whole number, at least 1, got {steps!r}.")
    _check_names(rule)
    rule = bind(rule, steps_per_epoch) if steps_per_epoch is not None else rule
    paths, schedules = field_names(rule), leaves(rule, is_schedule)
    return Fields(rule, steps, paths, {name: schedules[path] for name, path in paths.items() if path in schedules})


def _check_names(rule: Rule) -> None:
    """Refuses names of a user's own that would stand where groups and states keep something else."""
    names, slots = sorted(MARKS & set(field_names(rule))), [name for name in rule.slots() if name == COUNT]
    for kind, name in [*(("field", name) for name in names), *(("slot", name) for name in slots)]:
        raise RavineError(
            f"{rule!r}: it has a {kind} called {name}, and an optimizer keeps something of its own under that name; "
            "call it otherwise."
        )

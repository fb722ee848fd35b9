"""Shares: parameters that move by one rule in one engine, gathered anew only where something changed."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import is_
from typing import Any

from torch import Tensor

from ..engines.choice import Choice, Engine, choose, read_program
from ..engines.row import Row
from ..engines.symbols import NoLoop
from ..engines.trace import symbolic, trace
from ..errors import RavineError
from ..part import leaves, substitute
from ..rules import SGD, Rule, Split

TWO_RULES = NoLoop("a norm around two rules needs the gradients of both at once.")
"""Why what stands around a Split is not compiled where it looks at all parameters."""


@dataclass(frozen=True)
class Member:
    """A parameter, its number among all, and the number of its group."""

    number: int
    group: int
    p: Tensor


@dataclass(eq=False)
class Share:
    """Parameters that move by one rule in one engine."""

    rule: Rule
    members: Sequence[Member]
    choice: Choice
    engine: Engine

    def __post_init__(self) -> None:
        self.params = [member.p for member in self.members]
        self.rows: list[Row | None] = [None] * len(self.members)
        self.places: list[int] = []
        self.moving: list[Row] = []
        """The rows of those that had a gradient at the last step, and their places among all."""
        self.known: list[dict[str, Any]] = []
        """All states as they were after that step; those of `moving` are `slots`, which hold the tensors `held`."""

    def step(
        self,
        states: Mapping[Tensor, dict[str, Any]],
        begin: Callable[[Member, Rule], Row],
        values: Callable[[Engine], Sequence[Sequence[Any]]],
    ) -> None:
        """Takes a step of those that have a gradient.

        Args:
            states: The optimizer's state.
            begin: Makes the row of a parameter, and what its state lacks.
            values: Gives what an engine wants to be told of every group.
        """
        gradients = [p.grad for p in self.params]
        places = [k for k, g in enumerate(gradients) if g is not None]
        if places:
            if places != self.places or not self._are_current(states):
                self._look_up(places, states, begin)
            self.engine.step(self.moving, [g for g in gradients if g is not None], values(self.engine))
            if not self.known:
                self.known = [*states.values()]
                self.slots = [row.state for row in self.moving]
                self.held = [*chain.from_iterable(map(dict.values, self.slots))]

    def _look_up(
        self, places: list[int], states: Mapping[Tensor, dict[str, Any]], begin: Callable[[Member, Rule], Row]
    ) -> None:
        for k in places:
            row, member = self.rows[k], self.members[k]
            if row is None or row.state is not states.get(member.p) or not row.is_current():
                self.rows[k] = begin(member, self.rule)
        self.places, self.moving = places, [row for row in (self.rows[k] for k in places) if row is not None]
        self.known = []

    def _are_current(self, states: Mapping[Tensor, dict[str, Any]]) -> bool:
        """Tells whether nobody put other tensors into the states; of all at once, since every step waits for it."""
        known = [*states.values()]
        held = [*chain.from_iterable(map(dict.values, self.slots))]
        return _are(known, self.known) and _are(held, self.held)


def _are(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    return len(ours) == len(theirs) and all(map(is_, ours, theirs))


def share_out(
    members: Sequence[Member], rules: Mapping[int, Rule], asked: str, capturable: bool = False
) -> list[Share]:
    """Puts parameters together that can move together.

    Args:
        members: The parameters.
        rules: The rule of each group by its number, placed.
        asked: The engine that was asked for.
        capturable: Whether a step is to be captured in a CUDA graph.

    Returns:
        The shares, in the order of their first parameters.
    """
    by_rule: dict[Hashable, tuple[Rule, list[Member]]] = {}
    listed: Counter[Tensor] = Counter()  # where one is listed twice, as PyTorch allows, it steps twice, one by one
    whole = {number: symbolic(rule) for number, rule in rules.items()}
    joined = {number: _reaches_over_parts(rule) for number, rule in whole.items()}
    for member in members:
        rule = whole[member.group]
        rule = rule if joined[member.group] else rule.for_tensor(member.number)
        by_rule.setdefault((repr(rule), listed[member.p]), (rule, []))[1].append(member)
        listed[member.p] += 1
    shares = []
    for rule, own in by_rule.values():
        program = TWO_RULES if leaves(rule, _is_split) else read_program(rule)
        apart = not isinstance(program, RavineError) and not program.over_all
        for together in _by_kind(own) if apart else [own]:
            choice, engine = choose(asked, rule, program, [member.p for member in together], capturable)
            shares.append(Share(rule, together, choice, engine))
    return shares


def _by_kind(members: Iterable[Member]) -> list[list[Member]]:
    kinds: dict[Hashable, list[Member]] = {}
    for member in members:
        p = member.p
        kinds.setdefault((p.device, p.dtype, hasattr(p, "to_local")), []).append(member)
    return list(kinds.values())


def _is_split(value: Any) -> bool:
    return isinstance(value, Split)


def _reaches_over_parts(rule: Rule) -> bool:
    """Tells whether what stands around a Split looks at the parameters of both its rules."""
    splits = leaves(rule, _is_split)
    if not splits or () in splits:
        return False
    around = substitute(rule, {path: SGD() for path in splits})
    return trace(around).over_all

"""Any rule with the face of `torch.optim.Optimizer`."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from operator import is_
from typing import Any

import torch
from torch import Tensor
from typing_extensions import override

from ..engines.choice import Choice, Engine, Replayed, check_engine
from ..engines.row import Row
from ..engines.symbols import Symbol
from ..engines.trace import symbolic
from ..errors import RavineError
from ..part import leaves, substitute
from ..rules import Rule, placed
from ..rules.rule import Start
from .compiling import not_traced
from .elsewhere import Elsewhere, without_closure
from .groups import KEPT, listed_once, read_fields
from .hooks import hooked
from .shares import Member, Share, share_out


class Optimizer(torch.optim.Optimizer):
    """Moves parameters by a rule, behind the interface that PyTorch's users know.

    Every numeric field of the rule stands in the parameter groups under its name, where a group may have a
    value of its own and where it may be changed between steps. A field that holds a schedule is asked at
    every step, shows its present value there, and is changed by nobody else.

    Args:
        params: Tensors, named tensors or parameter groups, as for any `torch.optim` optimizer.
        rule: The rule.
        steps: The length of training in steps, which schedules refer to.
        steps_per_epoch: How many steps an epoch has, for lengths in epochs.
        engine: Who executes the rule: "plain", "native" (compiled for the processor), "triton" (for a GPU), or "auto";
            `engines` tells what that picked, and why.
        capturable: Whether a step can be captured in a CUDA graph; see `prepare_replay`.

    Raises:
        RavineError: The rule holds a range, or a schedule whose length is not known.

    >>> from ravine.rules import SGD
    >>> weight = torch.nn.Parameter(torch.ones(2))
    >>> optimizer = Optimizer([weight], SGD(lr=0.5))
    >>> weight.sum().backward()
    >>> optimizer.step()
    >>> weight.tolist()
    [0.5, 0.5]
    """

    def __init__(
        self,
        params: Iterable[Any],
        rule: Rule,
        *,
        steps: int | None = None,
        steps_per_epoch: int | None = None,
        engine: str = "auto",
        capturable: bool = False,
    ) -> None:
        check_engine(engine)
        self.fields, self.engine, self._capturable = read_fields(rule, steps, steps_per_epoch), engine, capturable
        self.shown = self.fields.at(0)
        self._shares: list[Share] | None = None
        super().__init__(params, self.fields.defaults())

    @property
    def rule(self) -> Rule:
        """The rule, every `epochs(n)` in it told how many steps an epoch has."""
        return self.fields.rule

    @property
    def engines(self) -> list[Choice]:
        """Which engine moves which part of the parameters, and why.

        >>> from ravine.rules import SGD
        >>> print(*Optimizer([torch.ones(2, 3)], SGD(), engine="plain").engines)
        plain, for 1 tensors with 6 elements: asked for
        """
        return [share.choice for share in self._sharing()]

    _capturable = False  # in states that were pickled before there was such a thing

    @property
    def capturable(self) -> bool:
        """Whether a step can be captured in a CUDA graph."""
        return self._capturable

    @property
    def lr_factor(self) -> float:
        """What lr is multiplied by, in all groups: 1 until something such as `plateau` lowers it."""
        return self.param_groups[0]["lr_factor"]

    @lr_factor.setter
    def lr_factor(self, factor: float) -> None:
        if "lr" not in self.fields.paths:
            raise RavineError(f"{self.rule!r} has no lr that could be lowered.")
        for group in self.param_groups:
            group["lr_factor"] = factor

    @not_traced
    @hooked
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes one step.

        Args:
            closure: Computes the loss and its gradients; needed by rules that take the gradient elsewhere.

        Returns:
            What the closure returned, or None.

        Raises:
            RavineError: The rule takes its gradient elsewhere, and there is no closure; or training is over, or
                a field that holds a schedule was changed from outside.
        """
        if closure is None and self.rule.looks_ahead():
            raise RavineError(without_closure(self.rule))
        captured = self.capturable and torch.cuda.is_initialized() and torch.cuda.is_current_stream_capturing()
        if not captured:
            self._ask_schedules()
        loss = self._gradients(closure) if closure is not None else None
        self._move()
        for group in self.param_groups:
            group["count"] += not captured
        return loss

    @torch.no_grad()
    def prepare_replay(self) -> None:
        """Puts the present numbers of all fields where the next replay of a captured step reads them.

        Schedules are asked as for any step. Call it before each replay where a schedule, or somebody, moves a field;
        a field that is a tensor on the parameters' device is read by the replay itself.
        """
        self._ask_schedules()
        self._write_fields()
        for group in self.param_groups:
            group["count"] += 1

    def _write_fields(self) -> None:
        for share in self._sharing():
            if isinstance(share.engine, Replayed):
                share.engine.write(self._values(share.engine))

    def _ask_schedules(self) -> None:
        if self.shown:
            self.fields.check_shown(self.shown, self.param_groups)
            self._show(self.param_groups[0]["count"])

    @contextmanager
    def predicting(self) -> Iterator[None]:
        """Puts the weights that predict, such as averaged ones, in the parameters' place for a while.

        Yields:
            Nothing; on leaving, the parameters are back.
        """
        pairs = self.predicting_weights().values()
        before = [p.clone() for p, _ in pairs]
        for p, mean in pairs:
            p.copy_(mean)
        try:
            yield
        finally:
            for (p, _), old in zip(pairs, before, strict=True):
                p.copy_(old)

    def predicting_weights(self) -> dict[int, tuple[Tensor, Tensor]]:
        """Finds the weights that predict in the parameters' place.

        Returns:
            By its number, each parameter that has stepped, without its history, and its slot of such weights; none
            where the rule keeps none.
        """
        slot = self.rule.predicting_slot()
        owned = enumerate(p for p, _ in self._owned())
        key = None if slot is None else self._key(slot)
        return {number: (p.detach(), self.state[p][key]) for number, p in owned if key in self.state.get(p, {})}

    @override
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Takes more parameters in.

        Args:
            param_group: The parameters under "params", and values of its own for any field that holds a number.

        Raises:
            RavineError: It has a value for a field that isn't there, is out of bounds, or holds a schedule; or it
                lists a parameter twice.
        """
        self.fields.check_own(param_group)
        bare(torch.optim.Optimizer.add_param_group)(self, listed_once(param_group))
        first, new = self.param_groups[0], self.param_groups[-1]
        new |= {**{name: first[name] for name in KEPT}, **self.shown}

    @override
    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients.

        Args:
            set_to_none: Whether they are given back, not only set to zero.
        """
        bare(torch.optim.Optimizer.zero_grad)(self, set_to_none)

    @override
    def state_dict(self) -> dict[str, Any]:
        """Gives everything that `load_state_dict` takes.

        Returns:
            Numbers and tensors, as PyTorch's optimizers give them.
        """
        return bare(torch.optim.Optimizer.state_dict)(self)

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes back what `state_dict` gave.

        Args:
            state_dict: The state of an optimizer with the same rule and parameters.

        Raises:
            RavineError: The state is of another rule.
        """
        self._check_state(state_dict)
        self._load(state_dict)
        for group in self.param_groups:
            for name, value in self.fields.defaults().items():
                group.setdefault(name, value)
        self._show(max(0, self.param_groups[0]["count"] - 1))

    def _load(self, state_dict: dict[str, Any]) -> None:
        captured: dict[Any, Any] = {}

        def capture(_: Any, given: dict[str, Any]) -> None:
            captured.update(given["state"])

        hook = self.register_load_state_dict_pre_hook(capture)  # the last, so that it sees what others made of it
        try:
            bare(torch.optim.Optimizer.load_state_dict)(self, state_dict)
        finally:
            hook.remove()
        self._take(captured)

    def _check_state(self, state_dict: dict[str, Any]) -> None:
        rule = placed(self.rule, [p for p, _ in self._owned()])
        for number, held in state_dict["state"].items():
            slots = ["step", *rule.for_tensor(number).slots()]
            if set(held) != set(slots):
                raise RavineError(
                    f"the state is of another rule: for parameter {number} it has {', '.join(held)}, and "
                    f"{self.rule!r} has {', '.join(slots)}."
                )

    def _take(self, saved: Mapping[Any, dict[str, Any]]) -> None:
        """Copies slots as they were saved: PyTorch would cast them to the parameter's precision, and share them."""
        for number, (p, _) in enumerate(self._owned()):
            for key, value in saved.get(number, {}).items():
                held = self.state[p][key]
                if isinstance(held, Tensor) and isinstance(value, Tensor):
                    self.state[p][key] = value.to(held.device, copy=True)

    def __getstate__(self) -> dict[str, Any]:
        own = {"fields": self.fields, "shown": self.shown, "engine": self.engine, "_capturable": self.capturable}
        return super().__getstate__() | own

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._shares = None
        super().__setstate__(state)

    def _owned(self) -> Iterator[tuple[Tensor, dict[str, Any]]]:
        return ((p, group) for group in self.param_groups for p in group["params"])

    def _sharing(self) -> list[Share]:
        """Shares the parameters out to engines; again only where the parameters, or the kinds of groups, changed."""
        params = [p for group in self.param_groups for p in group["params"]]
        kinds = [self._kind(group) for group in self.param_groups]
        if self._shares is None or kinds != self._kinds or not _are(params, self._params):
            self._kinds, self._params = kinds, params
            rules = {k: placed(self._rule(kind), params) for k, kind in enumerate(kinds)}
            groups = [k for k, group in enumerate(self.param_groups) for _ in group["params"]]
            members = [Member(number, k, p) for number, (k, p) in enumerate(zip(groups, params, strict=True))]
            self._shares = share_out(members, rules, self.engine, self.capturable)
            self._elsewhere = Elsewhere(symbolic(rules[0]), members)
        return self._shares

    def _move(self) -> None:
        for share in self._sharing():
            share.step(self.state, self._row, self._values)

    def _kind(self, group: dict[str, Any]) -> Hashable:  # noqa: ARG002 - those with torch's face look at it
        """Says what decides the form of a group's rule, beside numbers."""
        return ()

    def _rule(self, kind: Any) -> Rule:  # noqa: ARG002 - likewise
        """Gives the rule of a kind of group, whose numbers are still to be filled in."""
        return self.fields.without_schedules

    def _value(self, group: dict[str, Any], name: str) -> Any:
        """Finds the present value of a field."""
        return group[name] * group["lr_factor"] if name in self.fields.step_sizes else group[name]

    def _values(self, engine: Engine) -> list[list[Any]]:
        return [[self._value(group, name) for name in engine.fields] for group in self.param_groups]

    def _row(self, member: Member, rule: Rule) -> Row:
        """Makes what a parameter's state lacks, and the row by which an engine steps it."""
        state, group = self.state[member.p], self.param_groups[member.group]
        rule = rule.for_tensor(member.number)
        symbols = leaves(rule, lambda value: isinstance(value, Symbol))
        rule = substitute(rule, {path: self._value(group, symbol.detail) for path, symbol in symbols.items()})
        count = self._count(rule)
        if count is not None and count not in state:
            state[count] = no_steps()
        slots, keys = rule.slots(), {}
        for name, start in slots.items():
            keys[name] = key = self._key(name)
            if state.get(key) is None:
                state[key] = begin(start, member.p)
        return Row(member.number, member.group, member.p, state, keys, count)

    def _count(self, rule: Rule) -> str | None:  # noqa: ARG002 - likewise
        """Names the key of the step count in a parameter's state; None where nobody counts."""
        return "step"

    def _key(self, slot: str) -> str:
        """Names the key of a slot in a parameter's state."""
        return slot

    def _gradients(self, closure: Callable[[], Any]) -> Any:
        """Calls the closure where the rule wants its gradient, and comes back."""
        if self.rule.looks_ahead():
            self._sharing()
            return self._elsewhere.gradients(closure, self.state, self._row, self._values)
        with torch.enable_grad():
            return closure()

    def _show(self, t: int) -> None:
        """Asks every schedule, and shows its value in all groups."""
        self.shown = self.fields.at(t)
        for group in self.param_groups:
            group |= self.shown


def begin(start: Start, p: Tensor) -> Tensor:
    """Makes a slot of a parameter, complex where the parameter is.

    Args:
        start: How it starts.
        p: The parameter.

    Returns:
        The slot.
    """
    if not p.is_complex() or start.scalar:
        return start.begin(p.detach())
    return torch.view_as_complex(start.begin(torch.view_as_real(p.detach())))


def no_steps() -> Tensor:
    """Makes the step count of a parameter, at 0.

    Returns:
        A tensor in double precision where that is the default, else in single: a half could not count far.
    """
    return torch.zeros((), dtype=torch.float64 if torch.get_default_dtype() is torch.float64 else torch.float32)


def _are(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return len(ours) == len(theirs) and all(map(is_, ours, theirs))


def bare(method: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a method of PyTorch's without its guard against a compiler, which imports that: over a second a process.

    Args:
        method: The method.

    Returns:
        What is inside the guard.
    """
    return getattr(method, "__wrapped__", method)

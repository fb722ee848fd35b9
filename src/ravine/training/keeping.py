"""What is kept of a run along the way: the mean of its last weights, or the networks at the ends of its cycles."""

import math
from typing import Any

from torch import Tensor, nn

from ..keep import snapshots, swa
from ..minimize import Descent
from ..part import substitute
from ..recipe import Recipe
from ..rules import Rule, learning_rates
from ..schedules import Schedule, Stages, constant, cosine, epochs, hold


def rule_of(recipe: Recipe) -> Rule | Descent:
    """Gives the rule with the schedule of lr that the recipe's way of keeping weights asks for.

    Args:
        recipe: The recipe.

    Returns:
        Its rule, where nothing is kept; else with lr standing still from `swa`'s start, or anew in every cycle.

    >>> from ravine.rules import SGD
    >>> rule_of(Recipe(SGD(lr=0.1), epochs=4, keep=snapshots(2)))
    SGD(lr=cosine(0.1).then(cosine(0.1), at=epochs(2)))
    """
    keep = recipe.keep
    if keep is None:
        return recipe.rule
    rates = learning_rates(recipe.rule)
    return substitute(recipe.rule, {path: _scheduled(lr, keep, recipe.epochs) for path, lr in rates.items()})


def _scheduled(lr: Any, keep: swa | snapshots, length: int) -> Any:
    if isinstance(keep, snapshots):
        once = lr if isinstance(lr, Schedule) else cosine(lr)
        begins = (0, *map(epochs, cycle_ends(keep.cycles, length)[:-1]))
        return Stages((once,) * keep.cycles, begins)  # .then would let a warm-up see the whole training
    schedule = lr if isinstance(lr, Schedule) else constant(lr)
    return hold(schedule, at=keep.start, value=None if keep.rate is None else keep.rate * max(schedule.extremes()))


def cycle_ends(cycles: int, length: int) -> list[int]:
    """Gives the epochs with which cycles end.

    Args:
        cycles: How many there are, at most `length`.
        length: The epochs of all of them together.

    Returns:
        The last epoch of each cycle, counted from 1; they are as long as each other, to one epoch.

    >>> cycle_ends(3, 10)
    [3, 7, 10]
    """
    return [round(length * k / cycles) for k in range(1, cycles + 1)]


class Kept:
    """The weights that a run has kept so far.

    Args:
        recipe: Its recipe, which says what is kept.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.keep, self.length = recipe.keep, recipe.epochs
        self.states: list[dict[str, Tensor]] = []
        """Of `snapshots`, one network's weights per cycle that is over; of `swa`, the mean, where there is one."""
        self.count = 0
        """How many weights the mean is over."""

    def see(self, model: nn.Module, epoch: int) -> None:
        """Takes note of an epoch that has ended.

        Args:
            model: The network as it is now.
            epoch: How many epochs are over.
        """
        if isinstance(self.keep, snapshots) and epoch in cycle_ends(self.keep.cycles, self.length):
            self.states.append({name: value.clone() for name, value in model.state_dict().items()})
        if isinstance(self.keep, swa) and epoch > math.floor(self.keep.start * self.length):
            self._add(model)

    def _add(self, model: nn.Module) -> None:
        """Takes the weights into the mean; statistics and counts, which no gradient moves, stay the last ones."""
        now = {name: value.clone() for name, value in model.state_dict().items()}
        self.count += 1
        if self.states:
            for name, _ in model.named_parameters(remove_duplicate=False):  # a tied one has two names in the state
                mean = self.states[0][name]
                now[name] = mean + (now[name] - mean) / self.count
        self.states = [now]

    def state(self) -> dict[str, Any]:
        """Gathers what is kept for a checkpoint.

        Returns:
            Numbers and tensors.
        """
        return {"states": self.states, "count": self.count}

    def restore(self, state: dict[str, Any]) -> None:
        """Takes back from a checkpoint what was kept.

        Args:
            state: What `state` gathered.
        """
        self.states, self.count = list(state["states"]), state["count"]

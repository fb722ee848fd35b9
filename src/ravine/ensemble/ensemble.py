"""An ensemble: several networks that predict as one.

Hansen & Salamon 1990, "Neural Network Ensembles". https://doi.org/10.1109/34.58871
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..data.combining import check_combine, combined
from ..data.examples import Examples
from ..data.find import find
from ..data.folds import split_test
from ..data.preprocessing import Transform, fitted
from ..data.task import Task
from ..errors import RavineError
from ..fields import text
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from ..training.evaluate import BATCH, Outputs, outputs_of
from ..training.machine import device_named
from ..training.network import Mean
from ..training.predict import Predictions, predictions, read_new
from ..training.stage import SPLIT_SEED
from ..training.train import Run
from .file import read_ensemble, write_ensemble
from .member import Member, kind_of, labels_of, member_of_run, network_of, shared, weights_of


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Several networks that predict as one.

    `members` are what `train_ensemble`, `bag` and `boost` make, or runs of `ravine.train`. `weights` say how much
    each of them counts, at least 0; None counts them alike. `combine` is "average" (of probabilities, or of numbers),
    "average_logits", "vote", or gradient boosting's "sum", which adds weighted numbers to `start`. `spent` are the
    gradient evaluations of those who were trained and left out, and `notes` says why.

    >>> from ravine.data.find import find
    >>> from ravine.training.train import train
    >>> runs = [train("wine", "Adam(lr=0.01)", seed=seed, until=2) for seed in (0, 1, 2)]
    >>> several = Ensemble(find("wine"), runs)
    >>> several, several.outputs(several.task.training_data).exp().sum(1).allclose(torch.ones(178))
    (3 members, combined by average, True)
    """

    task: Task
    members: Sequence[Any]
    weights: Sequence[float] | None = None
    combine: str = "average"
    start: float | Tensor = 0.0
    spent: int = 0
    notes: tuple[str, ...] = ()
    device: str | None = "cpu"
    models: tuple[nn.Module, ...] = field(init=False, repr=False)
    """The networks, in evaluation mode."""

    def __post_init__(self) -> None:
        if isinstance(self.members, (Member, Run)) or not isinstance(self.members, Sequence) or not self.members:
            raise RavineError(f"Ensemble(members=...) must be a list of at least one member, got {self.members!r}.")
        check_combine(self.combine, self.kind)
        members = tuple(member_of_run(each) if isinstance(each, Run) else each for each in self.members)
        _check_members(members)
        _check_weights(self.weights, len(members), self.combine)
        where = device_named(self.device)
        models = tuple(network_of(self.task, each, f"member {k}").to(where) for k, each in enumerate(members))
        object.__setattr__(self, "members", members)
        object.__setattr__(self, "models", models)

    def __repr__(self) -> str:
        count = len(self.members)
        return f"{count} member{'s' if count > 1 else ''}, combined by {self.combine}"

    def __len__(self) -> int:
        return len(self.members)

    @classmethod
    def of_states(
        cls,
        task: Task | str,
        recipe: Recipe | Rule | str,
        states: Sequence[Mapping[str, Any]],
        *,
        seed: int = 0,
        arguments: Mapping[str, Any] | None = None,
        evaluations: int = 0,
        weights: Sequence[float] | None = None,
        combine: str = "average",
    ) -> "Ensemble":
        """Makes an ensemble of several states of one run, such as its snapshots.

        Huang, Li, Pleiss, Liu, Hopcroft & Weinberger 2017, "Snapshot Ensembles: Train 1, Get M for Free".
        https://arxiv.org/abs/1704.00109

        Args:
            task: The task, or the text that finds it.
            recipe: What the run was trained by.
            states: The state dicts.
            seed: The run's seed.
            arguments: What the model factory was given.
            evaluations: What the whole run cost in gradient evaluations; each state bears its share.
            weights: How much each state counts.
            combine: How they are combined.

        Returns:
            The ensemble.
        """
        found, settled = find(task) if isinstance(task, str) else task, read_recipe(recipe)
        whole = Member({}, repr(settled), text(settled.layers), seed, dict(arguments or {}), evaluations)
        return cls(found, shared(whole, states), weights, combine)

    @classmethod
    def of_run(cls, task: Task | str, run: Run, *, combine: str = "average") -> "Ensemble":
        """Makes an ensemble of the networks that one run has kept, such as those of `keep=snapshots(5)`.

        Args:
            task: The task, or the text that finds it.
            run: What `train` gave.
            combine: How they are combined.

        Returns:
            The ensemble; of one member where the run has kept one network.
        """
        found, whole = find(task) if isinstance(task, str) else task, member_of_run(run)
        networks = list(run.model.members) if isinstance(run.model, Mean) else [run.model]
        return cls(found, shared(whole, [weights_of(network) for network in networks]), combine=combine)

    @property
    def kind(self) -> str:
        """What the targets are: "classes", "binary", "numbers", or "given" where only a user's own loss knows."""
        return kind_of(self.task, self.combine)

    @property
    def evaluations(self) -> int:
        """What training cost, in gradient evaluations: of all members, and of those that were left out."""
        return self.spent + sum(member.evaluations for member in self.members)

    def first(self, count: int) -> "Ensemble":
        """Gives the ensemble of the first few members: what can be had at a lower cost of inference.

        Args:
            count: How many.

        Returns:
            The smaller ensemble, with the cost of its own members alone.

        Raises:
            RavineError: There are not so many.
        """
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= len(self):
            raise RavineError(f"first({count!r}): must be a whole number from 1 to {len(self)}.")
        weights = None if self.weights is None else list(self.weights)[:count]
        return replace(self, members=self.members[:count], weights=weights, spent=0)

    @cached_property
    def _transforms(self) -> tuple[Transform, ...]:
        """Preprocessing, fitted for each member on what it learned from."""
        if self.task.preprocess is None:
            return (lambda data: data,) * len(self)
        train, _ = split_test(self.task, SPLIT_SEED)
        whole = fitted(self.task.preprocess, train)
        return tuple(
            whole if each.rows is None else fitted(self.task.preprocess, train.subset(each.rows))
            for each in self.members
        )

    def said(self, given: Examples) -> Outputs:
        """Gives what every member says of examples, and what is true.

        Args:
            given: Examples with targets, not yet preprocessed, such as `task.test_data`.

        Returns:
            Outputs, `[m, n, ...]`, and targets, `[n, ...]`.
        """
        here = given.to(device_named(self.device))
        said = [
            outputs_of(self.task, model, transform(here))
            for model, transform in zip(self.models, self._transforms, strict=True)
        ]
        return Outputs(torch.stack([one.outputs for one in said]), said[0].targets)

    def combined(self, outputs: Tensor) -> Tensor:
        """Combines what the members say, in their order.

        Args:
            outputs: `[m, n, ...]`.

        Returns:
            `[n, ...]`.
        """
        weights = None if self.weights is None else torch.tensor(self.weights, dtype=torch.float64)
        return combined(outputs, self.kind, self.combine, weights, self.start)

    def outputs(self, given: Examples) -> Tensor:
        """Gives outputs for examples, in the task's own terms: log-probabilities of classes, a logit, or numbers.

        Args:
            given: Examples, not yet preprocessed, such as `task.test_data`; targets are left aside.

        Returns:
            `[n, ...]`, on the CPU.
        """
        return self.combined(torch.stack([self.alone(k, given) for k in range(len(self))]))

    @torch.no_grad()
    def alone(self, number: int, given: Examples) -> Tensor:
        """Gives what one member says.

        Args:
            number: Which one, from 0.
            given: Examples, not yet preprocessed; targets are left aside.

        Returns:
            `[n, ...]`, on the CPU.
        """
        ready = self._transforms[number](given.to(device_named(self.device)))
        batches = ready.batches(torch.arange(len(ready)).split(BATCH))
        return torch.cat([self.task.predict(self.models[number], batch) for batch in batches]).cpu()

    def predict(self, data: Any) -> Predictions:
        """Predicts new examples, as `ravine.predict` does by one run.

        Args:
            data: A data file (CSV, Parquet, NPZ), or anything that a task takes as data; targets may be missing.

        Returns:
            The predictions.
        """
        return predictions(self.task, self.outputs(read_new(self.task, data)))

    def save(self, path: str | Path) -> None:
        """Keeps the ensemble as one file of tensors, numbers and texts.

        Args:
            path: The file.
        """
        write_ensemble(
            Path(path), self.task, self.members, labels_of(self.task),
            weights=self.weights, combine=self.combine, start=self.start, spent=self.spent, notes=self.notes,
        )  # fmt: skip

    @classmethod
    def load(cls, path: str | Path, task: Task | str | None = None, *, device: str | None = "cpu") -> "Ensemble":
        """Reads an ensemble that was saved; nothing in the file is executed.

        Args:
            path: The file.
            task: Its task, or the text that finds it; None where the file itself says how it is found.
            device: Where its networks shall be; None for the GPU where there is one.

        Returns:
            The ensemble.
        """
        found, members, rest = read_ensemble(Path(path), find(task) if isinstance(task, str) else task)
        return cls(found, members, device=device, **rest)


def _check_members(members: Sequence[Any]) -> None:
    for k, each in enumerate(members):
        if not isinstance(each, Member):
            raise RavineError(
                f"Ensemble(members=...): member {k} is a {type(each).__name__}: give runs of ravine.train, or members "
                "of another ensemble."
            )


def _check_weights(weights: Any, count: int, combine: str) -> None:
    if weights is None:
        return
    numbers = [float(weight) for weight in weights]
    if len(numbers) != count:
        raise RavineError(f"Ensemble(weights={numbers}) has {len(numbers)} weights for {count} members: one for each.")
    if not all(map(math.isfinite, numbers)) or (combine != "sum" and (min(numbers) < 0 or sum(numbers) <= 0)):
        raise RavineError(f"Ensemble(weights={numbers}): weights must be at least 0, and not all of them 0.")

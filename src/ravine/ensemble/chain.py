"""Members that are trained one upon the other, in this process, each in a folder of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from ..data.examples import Examples
from ..data.folds import split_test
from ..data.preprocessing import fitted
from ..data.scores import metric_of, proper_score
from ..data.task import Task
from ..errors import RavineError
from ..recipe import Recipe
from ..training.evaluate import outputs_of
from ..training.folder import fingerprint
from ..training.machine import device_named
from ..training.stage import SPLIT_SEED, Stage
from .crew import Place, name_of
from .job import Job
from .member import Member, kind_of, network_of
from .work import member_in, train_member


@dataclass
class Chain:
    """Members that are trained one after the other, in this process."""

    task: Task
    recipe: Recipe
    by: str
    place: Place
    seeds: list[int]
    arguments: Mapping[str, Any]
    progress: Callable[[Member], None]
    trained: list[Member] = field(default_factory=list)

    @cached_property
    def ready(self) -> Examples:
        """All training examples, preprocessed."""
        train, _ = split_test(self.task, SPLIT_SEED)
        return fitted(self.task.preprocess, train)(train)

    @cached_property
    def targets(self) -> Tensor:
        """What is true of them: classes as whole numbers, or numbers."""
        targets = self.ready.targets
        assert targets is not None
        if self.by == "residuals":
            return targets.cpu()
        flat = targets.cpu().squeeze(1) if targets.dim() == 2 and targets.shape[1] == 1 else targets.cpu()
        if flat.dim() != 1 or bool((flat != flat.round()).any()):
            raise RavineError("boosting needs one label for each example; these targets have several, or fractions.")
        return flat.long()

    def learned(self, number: int, train: Examples, task: Task | None = None) -> Tensor | None:
        """Trains the next member, and lets it tell.

        Args:
            number: Its number.
            train: What it learns from, preprocessed.
            task: The task, where the loss is another.

        Returns:
            What it says of all training examples; None where it diverged.
        """
        learns = self.task if task is None else task
        job, folder = Job(self.recipe, self.seeds[number], self.arguments), Path(self.place.folder) / name_of(number)
        data = f"{fingerprint(self.task)} {self.by} {train.fingerprint()}"
        stage = Stage(learns, train, train, train, (metric_of(self.task), proper_score(self.task)))
        train_member(
            lambda: stage, job, folder, data=data, device=self.place.device, engine=self.place.engine,
            checkpoint_seconds=self.place.checkpoint_seconds,
        )  # fmt: skip
        member, outcome = member_in(folder, self.task, job)
        self.trained.append(member)
        self.progress(member)
        if outcome == "diverged":
            return None
        where = device_named(self.place.device)
        model = network_of(self.task, member, f"member {number}").to(where)
        return outputs_of(self.task, model, self.ready.to(where)).outputs

    def labeled(self, number: int, train: Examples, task: Task | None = None) -> Tensor | None:
        """Trains the next member, and lets it label all training examples; arguments are those of `learned`."""
        outputs = self.learned(number, train, task)
        if outputs is None:
            return None
        return outputs.argmax(1) if kind_of(self.task, "vote") == "classes" else (outputs.flatten() > 0).long()

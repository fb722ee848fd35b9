"""Tasks: a model factory, data, a loss and a metric; what every recipe is asked to do well."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import RavineError
from .coding import decode
from .examples import Batch, Examples, examples
from .forward import forward, split
from .head import outputs_needed
from .losses import LOSSES, Function, Loss, read_loss
from .metrics import Metric, read_metric
from .preprocessing import check_fills
from .pretrained import Pretrained, reported
from .weights_file import read_weights


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be learned, from what, and how it is judged.

    `model` builds the network, from `model_arguments`, which may hold ranges. `train` and `test` are
    anything that `examples` takes; without `test`, a study splits off a stratified 20 %. `loss` is a name
    or a function of outputs and targets that gives their mean; None chooses cross entropy for labels, and
    squared error for numbers. `metric` is a name or made by `metric`; None chooses accuracy, R2, or the
    user's own loss. `groups` has one label for each training example, or names their column: no split
    parts what shares one. `preprocess` is a scikit-learn transformer, fitted on each fold's training part
    alone. `step(model, batch)` replaces model and loss; it gives the loss, or `(loss, outputs, targets)`.
    `target` is the target's key or column. `source` is a text by which another process finds the task, where `find`
    or what is ready-made gave it: `dataclasses.replace` makes another task, which no text finds.
    `safe_augmentation` says which augmentations leave the labels of such data as they are, each with its largest
    safe strength or None for any; who uses another is warned. None says nothing.

    >>> task = Task(model=lambda: nn.Linear(2, 1), train=(torch.eye(2), torch.tensor([1.0, 2.0])))
    >>> loss, outputs, targets = task.compute(task.model(), task.training_data.batch(torch.tensor([1])))
    >>> loss.shape, outputs.shape, targets
    (torch.Size([]), torch.Size([1, 1]), tensor([2.]))
    """

    model: Callable[..., nn.Module]
    train: Any
    test: Any = None
    loss: str | Callable[..., Tensor] | None = None
    metric: str | Metric | None = None
    name: str = ""
    groups: Any = None
    preprocess: Any = None
    step: Callable[[nn.Module, Any], Any] | None = None
    target: str | None = None
    model_arguments: Mapping[str, Any] = field(default_factory=dict)
    safe_augmentation: Mapping[str, float | None] | None = None
    source: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if isinstance(self.model, nn.Module):
            kind = type(self.model).__name__
            raise RavineError(
                f"Task(model=...) must build a new network each time, got a {kind} object: "
                f"give the class or a function, as in model=lambda: {kind}(...)."
            )
        if not callable(self.model):
            raise RavineError(f"Task(model=...) must be a function that builds a network, got {self.model!r}.")
        if self.step is not None and not callable(self.step):
            raise RavineError(f"Task(step=...) must be a function of model and batch, got {self.step!r}.")
        if not isinstance(self.model_arguments, Mapping):
            raise RavineError(f"Task(model_arguments=...) must be a dict, got {self.model_arguments!r}.")
        if self.loss is not None:
            read_loss(self.loss)
        if self.metric is not None:
            read_metric(self.metric)

    def __getstate__(self) -> dict[str, Any]:
        # What was worked out from the fields is worked out again where the task arrives.
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def pretrained(
        self,
        file: str | Path,
        *,
        replace_head: bool | str | None = None,
        rename: Mapping[str, str] | None = None,
        strict: bool = False,
        digest: str | None = None,
    ) -> "Task":
        """Gives a task whose network begins with the weights of another.

        Weights are matched by name and shape. What the file lacks, and the head where the labels need another number
        of outputs, comes from the seed. `print(task.model.report)` tells what was loaded, skipped and newly made.

        Args:
            file: A safetensors file, a file that `torch.save` made of a state dict, or the folder of a run.
            replace_head: True to make the last layer anew whatever its size, as for other labels; a pattern of layer
                names; False to keep it; None to make it anew only where its size is not what the labels need.
            rename: For names that begin otherwise in the file than in the network, the one by the other.
            strict: Whether to refuse a file that has too much or too little, the head aside.
            digest: The digest that the file must have; None for any.

        Returns:
            The task, which a text finds again where one finds this.

        Raises:
            RavineError: The file is missing, damaged or of another network, or holds anything pickled.
        """
        weights = read_weights(file)
        outputs = None if self.step is not None else outputs_needed(self.training_data, self.used_loss.kind)
        given = weights.path, digest or weights.digest, outputs, replace_head, rename, strict
        factory = reported(Pretrained(self.model, *given), self.model_arguments)
        return found_by(dataclasses.replace(self, model=factory), self.source and factory.text(self.source))

    @cached_property
    def training_data(self) -> Examples:
        """All training examples, read and checked once."""
        data = self._read(self.train, "train data", None, self.groups)
        if self.preprocess is not None:
            check_fills(self.preprocess, data)
        if not data.has_targets and self.step is None:
            raise RavineError("train data have no target: give (inputs, target), or target='...', or a step.")
        return data

    @cached_property
    def test_data(self) -> Examples | None:
        """The task's own test examples, read as the training data were; None where it has none."""
        if self.test is None:
            return None
        return self._read(
            self.test, "test data", self.training_data, self.groups if isinstance(self.groups, str) else None
        )

    def _read(self, data: Any, where: str, like: Examples | None, groups: Any) -> Examples:
        kind = None if self.loss is None else read_loss(self.loss).kind
        missing = self.preprocess is not None
        return examples(data, self.target, kind=kind, groups=groups, like=like, where=where, missing=missing)

    @cached_property
    def used_loss(self) -> Loss:
        """The loss that was given, or the one that suits the targets."""
        if self.loss is not None:
            return read_loss(self.loss)
        _, targets = split(self.training_data.batch(torch.tensor([0])), self.training_data.target)
        numbers = targets is None or targets.is_floating_point()
        return LOSSES["squared_error" if numbers else "cross_entropy"]

    @cached_property
    def _compute(self) -> Callable[[nn.Module, Batch], tuple[Tensor, Any, Any]]:
        if self.step is not None:
            step = self.step

            def by_step(model: nn.Module, batch: Batch) -> tuple[Tensor, Any, Any]:
                given = step(model, batch)
                return given if isinstance(given, tuple) else (given, None, None)

            return by_step
        return self.computing(self.used_loss.mean)

    def computing(self, mean: Function) -> Callable[[nn.Module, Batch], tuple[Tensor, Any, Any]]:
        """Gives what `compute` would be with another loss.

        Args:
            mean: The loss, as a function of outputs and targets that gives their mean.

        Returns:
            A function of network and batch that gives loss, outputs and targets; a custom step has no part in it.
        """
        key, named = self.training_data.target, self._named

        def by_loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Any, Any]:
            inputs, targets = split(batch, key)
            outputs = forward(model, inputs, named)
            return mean(outputs, targets), outputs, targets

        return by_loss

    @cached_property
    def _named(self) -> WeakKeyDictionary[nn.Module, bool]:
        return WeakKeyDictionary()

    def compute(self, model: nn.Module, batch: Batch) -> tuple[Tensor, Any, Any]:
        """Computes what training differentiates.

        Args:
            model: The network.
            batch: As `training_data.batch` gives it.

        Returns:
            The mean loss, a scalar; the outputs; the targets. The last two are None where a custom step
            gives a loss alone.
        """
        return self._compute(model, batch)

    def score(self, model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Computes what metrics judge, without the loss where it isn't needed.

        A custom step that gives outputs is asked for them; beside one that gives a loss alone the model
        is called on the inputs; and where there are no targets at all, the step's loss on each example
        alone is both output and target.

        Args:
            model: The network, in evaluation mode.
            batch: As `training_data.batch` gives it.

        Returns:
            Outputs and targets, `[b, ...]` each.
        """
        if self.step is not None:
            _, outputs, targets = self.compute(model, batch)
            if outputs is not None:
                return outputs, targets
            if not self.training_data.has_targets:
                losses = self._losses_alone(model, batch)
                return losses, losses
        inputs, targets = split(batch, self.training_data.target)
        return forward(model, inputs, self._named), targets

    def _losses_alone(self, model: nn.Module, batch: Batch) -> Tensor:
        values = batch.values() if isinstance(batch, dict) else batch
        count = len(next(iter(values)))
        return torch.stack([self.compute(model, _row(batch, row))[0].detach().reshape(()) for row in range(count)])

    def predict(self, model: nn.Module, batch: Batch) -> Any:
        """Computes outputs for new examples, with or without targets.

        Args:
            model: The network, in evaluation mode.
            batch: As `examples(new, like=training_data)` gives it; a target in it is left aside.

        Returns:
            The outputs, `[b, ...]`.
        """
        data = self.training_data
        if isinstance(batch, dict):
            inputs: Any = {name: value for name, value in batch.items() if name != data.target}
        elif data.in_memory:
            inputs = batch[: len(data.inputs) if isinstance(data.inputs, tuple) else 1]
        else:
            inputs = split(batch, None)[0]
        return forward(model, inputs, self._named)

    def decode(self, outputs: Tensor) -> np.ndarray:
        """Tells outputs in the user's own labels or units.

        Args:
            outputs: As `predict` gives them.

        Returns:
            The predictions, `[b, ...]`.
        """
        return decode(outputs, self.used_loss.kind, self.training_data.coding)


def found_by(task: Task, source: str | None) -> Task:
    """Gives a task together with the text that finds it.

    Args:
        task: The task.
        source: The text; None where there is none.

    Returns:
        The same task.
    """
    same = dataclasses.replace(task)
    object.__setattr__(same, "source", source)
    return same


def judged_by(task: Task, metric: str | None) -> Task:
    """Gives a task with another metric, which the text that finds the task does not tell of.

    Args:
        task: The task.
        metric: The metric's name; None for the task's own.

    Returns:
        The task, found by the same text.
    """
    return task if metric is None else found_by(dataclasses.replace(task, metric=metric), task.source)


def _row(batch: Batch, row: int) -> Batch:
    if isinstance(batch, dict):
        return {name: value[row : row + 1] for name, value in batch.items()}
    return tuple([value[row : row + 1] for value in batch])

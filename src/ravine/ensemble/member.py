"""Members: the weights of one network, and all that it takes to build the network around them again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from ..data.task import Task
from ..errors import RavineError
from ..fields import text
from ..recipe import NAMES, read_recipe
from ..text import read
from ..training.folder import arguments_text, read_card
from ..training.network import predictor
from ..training.train import Run

FIELDS = ("state", "recipe", "layers", "seed", "arguments", "evaluations", "sentence", "labels", "rows")
"""What a file keeps of a member."""


@dataclass(frozen=True, eq=False)
class Member:
    """One trained network as its weights.

    `state` is its state dict, `recipe` the text of what it was trained by, `layers` the text of what that added to the
    network, `seed` and `arguments` what the factory was given, `evaluations` what its training cost in gradient
    evaluations. `labels` are the classes that it knows, as texts, where it tells. `rows` are the training examples that
    it learned from, where it was not all of them.
    """

    state: Mapping[str, Any] = field(repr=False)
    recipe: str = ""
    layers: str = field(default="()", repr=False)
    seed: int = 0
    arguments: Mapping[str, Any] = field(default_factory=dict)
    evaluations: int = 0
    sentence: str = ""
    labels: tuple[str, ...] | None = field(default=None, repr=False)
    rows: Tensor | None = field(default=None, repr=False)


def network_of(task: Task, member: Member, who: str) -> nn.Module:
    """Builds the network of a member with its weights.

    Args:
        task: The task.
        member: The member.
        who: What an error calls it.

    Returns:
        The network, in evaluation mode, on the CPU.

    Raises:
        RavineError: The weights are of another model, or the member knows other labels than the task has.
    """
    known = labels_of(task)
    if member.labels is not None and member.labels != known:
        raise RavineError(f"{who} knows {_listed(member.labels)}, but the task has {_listed(known)}.")
    layers = read(member.layers, NAMES)
    try:
        return predictor(task, layers, member.seed, member.arguments, member.state)
    except RuntimeError as error:
        raise RavineError(f"the weights of {who} are of another model: {' '.join(str(error).split())}") from error


def _listed(labels: tuple[str, ...] | None) -> str:
    if labels is None:
        return "no labels"
    return f"the labels {', '.join(labels[:10])}{' ...' if len(labels) > 10 else ''}"


def labels_of(task: Task) -> tuple[str, ...] | None:
    """Tells the classes of a task as texts, in the order of their numbers.

    Args:
        task: The task.

    Returns:
        The labels as they would be typed; None where targets are not labels.
    """
    classes = task.training_data.coding.classes
    return None if classes is None else tuple(map(repr, classes))


def kind_of(task: Task, combine: str) -> str:
    """Tells what is to be combined.

    Args:
        task: The task.
        combine: How: a vote is for labels, even where a loss of one's own does not tell that it wants any.

    Returns:
        "classes", "binary", "numbers", or "given" where only a user's own loss knows.

    Raises:
        RavineError: The task has no targets.
    """
    data, kind = task.training_data, task.used_loss.kind
    if not data.has_targets:
        raise RavineError("the task has no targets, so there are no predictions to combine.")
    if kind != "given" or combine != "vote" or data.coding.classes is None:
        return kind
    return "classes" if len(data.coding.classes) > 2 else "binary"


def member_of_run(run: Run) -> Member:
    """Takes a run as a member.

    Args:
        run: What `train` gave. Without a folder, its network is one that the factory builds without arguments.

    Returns:
        The member.

    Raises:
        RavineError: The run diverged.
    """
    if run.outcome == "diverged":
        raise RavineError(f"the run with seed {run.seed} diverged, so it can't be a member: leave it out.")
    card = {} if run.folder is None else read_card(run.folder)
    layers = card.get("layers") or _layers(run.recipe)
    arguments = read(card.get("arguments") or "{}", {})
    return Member(weights_of(run.model), run.recipe, layers, run.seed, arguments, run.evaluations, run.sentence)


def _layers(recipe: str) -> str:
    try:
        return text(read_recipe(recipe).layers)
    except RavineError:  # a rule of one's own has no name that a text finds
        return "()"


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Copies the weights of a network, its buffers among them, to the CPU.

    Args:
        model: The network.

    Returns:
        Its state dict.
    """
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def shared(whole: Member, states: Sequence[Mapping[str, Any]]) -> list[Member]:
    """Makes members of several states of one run, each of which bears its share of the cost.

    Args:
        whole: The run.
        states: The state dicts.

    Returns:
        One member for each.
    """
    ends = [whole.evaluations * k // max(1, len(states)) for k in range(len(states) + 1)]
    costs = [end - begin for begin, end in pairwise(ends)]
    return [replace(whole, state=state, evaluations=cost) for state, cost in zip(states, costs, strict=True)]


def packed(member: Member) -> dict[str, Any]:
    """Takes a member apart for a file.

    Args:
        member: The member.

    Returns:
        Tensors, numbers and texts by name.
    """
    kept = {name: getattr(member, name) for name in FIELDS}
    labels = None if member.labels is None else list(member.labels)
    return kept | {"state": dict(member.state), "arguments": arguments_text(member.arguments), "labels": labels}


def unpacked(kept: Mapping[str, Any]) -> Member:
    """Puts a member together again.

    Args:
        kept: What `packed` gave.

    Returns:
        The member.

    >>> import torch
    >>> same = unpacked(packed(Member({"w": torch.ones(1)}, "Adam()", seed=3, arguments={"width": 4})))
    >>> same, same.state["w"]
    (Member(recipe='Adam()', seed=3, arguments={'width': 4}, evaluations=0, sentence=''), tensor([1.]))
    """
    labels = None if kept["labels"] is None else tuple(kept["labels"])
    return Member(**{**kept, "arguments": read(kept["arguments"], {}), "labels": labels})

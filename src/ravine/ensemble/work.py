"""How one member is trained: in a folder of its own, from which it is taken up again after whatever cut it off."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from ..data.examples import Examples
from ..data.folds import split_test
from ..data.model import check_model
from ..data.preprocessing import fitted
from ..data.scores import metric_of, proper_score
from ..data.task import Task
from ..fields import text
from ..text import read
from ..training.checkpoint import load, save
from ..training.folder import CHECKPOINT, WEIGHTS, arguments_text, claimed, fingerprint, read_card, write_card
from ..training.machine import device_named, one_thread
from ..training.predicting import predicting
from ..training.run import CHECKPOINT_SECONDS, run, start
from ..training.stage import SPLIT_SEED, Stage
from ..training.telling import told
from .job import Job
from .member import Member, labels_of, weights_of
from .sample import bootstrap


def stage_for(task: Task, job: Job) -> Stage:
    """Prepares what a member learns from: all training examples or its bag, preprocessed by these alone.

    Args:
        task: The task.
        job: The member.

    Returns:
        The data. Nothing in it judges: the test set stays unread.
    """
    train, _ = split_test(task, SPLIT_SEED)
    return stage_of(task, train if job.bag is None else bootstrap(train, job.bag)[0])


def stage_of(task: Task, train: Examples) -> Stage:
    """Prepares training examples.

    Args:
        task: The task.
        train: What a member learns from, not yet preprocessed.

    Returns:
        The data.
    """
    ready = fitted(task.preprocess, train)(train)
    return Stage(task, ready, ready, ready, (metric_of(task), proper_score(task)))


def train_member(
    prepare: Callable[[], Stage],
    job: Job,
    folder: Path,
    *,
    data: str,
    source: str | None = None,
    device: str | None = None,
    engine: str = "auto",
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> None:
    """Trains a member, or goes on with it, or finds that it has ended.

    Args:
        prepare: Gives what it learns from, where it has not ended before.
        job: The member.
        folder: Its folder.
        data: The fingerprint of what it learns from.
        source: The text that finds the task, where there is one.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        checkpoint_seconds: How long to work at most without writing a checkpoint.
    """
    until = job.recipe.epochs if job.until is None else job.until
    card = {
        "task": source, "data": data, "recipe": repr(job.recipe), "seed": job.seed,
        "arguments": arguments_text(job.arguments), "until": until, "metric": None, "engine": engine,
        "layers": text(job.recipe.layers),
    }  # fmt: skip
    with claimed(folder, card), one_thread():
        if has_ended(folder):
            return
        stage = prepare()
        training, keeper = start(
            stage, job.recipe, seed=job.seed, device=device_named(device), arguments=job.arguments, engine=engine,
            path=folder / CHECKPOINT, every=checkpoint_seconds,
        )  # fmt: skip
        check_model(stage.task, training.model, training.examples.batch(torch.arange(min(8, len(stage.train)))))
        if (folder / CHECKPOINT).exists():
            keeper.take_up(training, folder / CHECKPOINT)
        with told(training):
            ended = run(training, until, keeper)
        keeper.write(training)
        keeper.watch.take_best_back()
        with predicting(training) as model:
            save(weights_of(model), folder / WEIGHTS)
        result = {"outcome": ended.outcome, "sentence": ended.sentence, "evaluations": training.evaluations}
        write_card(folder, card | {"result": result})


def has_ended(folder: Path) -> bool:
    """Tells whether the member in a folder has been trained to its end."""
    return (folder / WEIGHTS).exists() and "result" in read_card(folder)


def member_in(folder: Path, task: Task, job: Job) -> tuple[Member, str]:
    """Reads a member that has been trained.

    Args:
        folder: Its folder.
        task: The task.
        job: What it was.

    Returns:
        The member, and its outcome: "finished", "stopped" or "diverged".
    """
    rows = None if job.bag is None else bootstrap(split_test(task, SPLIT_SEED)[0], job.bag)[1]
    return read_member(folder, task, rows), read_card(folder)["result"]["outcome"]


def read_member(folder: Path, task: Task, rows: Tensor | None = None) -> Member:
    """Reads a run that was kept as a member.

    Args:
        folder: Its folder.
        task: The task.
        rows: The training examples that it learned from, where it was not all of them.

    Returns:
        The member.
    """
    card = read_card(folder)
    result = card["result"]
    return Member(
        load(folder / WEIGHTS, torch.device("cpu")), card["recipe"], card["layers"], card["seed"],
        read(card["arguments"], {}), result["evaluations"], result["sentence"], labels_of(task), rows,
    )  # fmt: skip


def data_of(task: Task, job: Job) -> str:
    """Gives the fingerprint of what a member learns from.

    Args:
        task: The task.
        job: The member.

    Returns:
        The task's own; with the seed of its bag, where it has one.
    """
    return fingerprint(task) + ("" if job.bag is None else f" bag {job.bag}")

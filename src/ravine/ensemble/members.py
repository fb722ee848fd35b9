"""`train_ensemble`: members trained side by side, each in a folder of its own, as many as there are cores at once."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ..data.combining import check_combine
from ..data.find import find
from ..data.task import Task
from ..engines.choice import check_engine
from ..errors import RavineError, nearest
from ..recipe import Recipe, read_recipe
from ..rules import Rule
from ..training.run import CHECKPOINT_SECONDS
from .crew import Place, folder_for, name_of, train_all
from .ensemble import Ensemble
from .job import Job, seeds_of
from .member import Member, kind_of
from .work import member_in

BY = ("seeds", "bags")
"""What makes the members of one recipe differ."""

Method = Recipe | Rule | str


def train_ensemble(
    task: Task | str,
    recipe: Method,
    *,
    members: int = 5,
    by: str = "seeds",
    combine: str = "average",
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    executor: Callable[[], Executor] | None = None,
    progress: Callable[[Member], None] = lambda _: None,
) -> Ensemble:
    """Trains several networks by one recipe, and lets them predict as one.

    Members differ in their initial weights, the order of data and all other luck: "deep ensembles", of
    Lakshminarayanan, Pritzel & Blundell 2017, "Simple and Scalable Predictive Uncertainty Estimation using Deep
    Ensembles" (https://arxiv.org/abs/1612.01474). With seed 0, the member k is what `ravine.train` makes of seed k.

    The same call with the same `out` goes on where it was cut off, to the same bits on a CPU; with more members, it
    trains those that are not there yet.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        members: How many networks.
        by: "seeds", or "bags" where each learns from a bootstrap sample of its own too (see `bag`).
        combine: "average" (of probabilities, or of numbers), "average_logits" or "vote".
        seed: Decides the members' seeds: no two ensembles share any.
        arguments: Arguments of the model factory: numbers, texts and tuples.
        out: The folder of members and of the finished `ensemble.pt`; None for none.
        workers: How many members are trained at once; None for one per core, or one on a GPU.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        checkpoint_seconds: How long a member works at most without writing a checkpoint.
        executor: Starts another executor than this machine's worker processes.
        progress: Called as members end.

    Returns:
        The ensemble. A member that diverged has no say in it, and its `notes` tell so.

    Raises:
        RavineError: An option, the task or the folder is not as it must be, or all members diverged.

    >>> several = train_ensemble("wine", "Recipe(Adam(lr=0.01), epochs=2)", members=3, workers=1)
    >>> several, several.evaluations
    (3 members, combined by average, 852)
    """
    if by not in BY:
        raise RavineError(f"train_ensemble(by={by!r}): by must be one of {', '.join(BY)}.{nearest(str(by), BY)}")
    check_count("members", members, 1, 1000)
    check_count("seed", seed, 0, 2**32 // 1000 - 1)
    settled, given = read_recipe(recipe), dict(arguments or {})
    bags = seeds_of(seed, members) if by == "bags" else [None] * members
    jobs = [Job(settled, own, given, bag=bag) for own, bag in zip(seeds_of(seed, members), bags, strict=True)]
    return ensemble_of(
        task, jobs, combine=combine, out=out, workers=workers, device=device, engine=engine,
        checkpoint_seconds=checkpoint_seconds, executor=executor, progress=progress,
    )  # fmt: skip


def check_count(name: str, value: Any, least: int, most: int) -> None:
    """Refuses what is no whole number within bounds.

    Args:
        name: What it is called.
        value: What was given.
        least: The smallest that may be.
        most: The largest.

    Raises:
        RavineError: It is none, or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RavineError(f"{name}={value!r} must be a whole number from {least} to {most}.")


def ensemble_of(
    task: Task | str,
    jobs: Sequence[Job | tuple[Method, int]],
    *,
    combine: str = "average",
    weights: Sequence[float] | None = None,
    out: str | Path | None = None,
    workers: int | None = None,
    device: str | None = None,
    engine: str = "auto",
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    executor: Callable[[], Executor] | None = None,
    progress: Callable[[Member], None] = lambda _: None,
) -> Ensemble:
    """Trains members each by a recipe of its own, such as the best of a study, and lets them predict as one.

    Args:
        task: The task, or the text that finds it.
        jobs: The members: pairs of a recipe and a seed, or jobs.
        combine: "average" (of probabilities, or of numbers), "average_logits" or "vote".
        weights: How much each member counts; None counts them alike.
        out: The folder of members and of the finished `ensemble.pt`; None for none.
        workers: How many members are trained at once; None for one per core, or one on a GPU.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rules.
        checkpoint_seconds: How long a member works at most without writing a checkpoint.
        executor: Starts another executor than this machine's worker processes.
        progress: Called as members end.

    Returns:
        The ensemble.

    Raises:
        RavineError: There are no members, or all of them diverged.
    """
    found = find(task) if isinstance(task, str) else task
    todo = [each if isinstance(each, Job) else Job(read_recipe(each[0]), each[1]) for each in jobs]
    if not todo:
        raise RavineError("an ensemble needs at least one member, got none.")
    check_engine(engine)
    check_combine(combine, kind_of(found, combine))
    with folder_for(out) as folder:
        train_all(found, todo, Place(str(folder), device, engine, checkpoint_seconds), workers, executor, progress)
        ensemble = gathered(found, folder, todo, weights=weights, combine=combine, device=device)
        if out is not None:
            ensemble.save(folder / "ensemble.pt")
    return ensemble


def gathered(
    task: Task,
    folder: Path,
    jobs: Sequence[Job],
    *,
    weights: Sequence[float] | None = None,
    combine: str = "average",
    device: str | None = None,
) -> Ensemble:
    """Makes an ensemble of members that have been trained; those that diverged are left out, and named.

    Args:
        task: The task.
        folder: The members' folder.
        jobs: What they were.
        weights: How much each of them counts.
        combine: How they are combined.
        device: Where the ensemble's networks shall be.

    Returns:
        The ensemble.

    Raises:
        RavineError: All of them diverged.
    """
    found = [member_in(folder / name_of(k), task, job) for k, job in enumerate(jobs)]
    kept = [k for k, (_, outcome) in enumerate(found) if outcome != "diverged"]
    lost = [k for k in range(len(found)) if k not in kept]
    if not kept:
        raise RavineError(f"all {len(found)} members diverged: {found[0][0].sentence} Lower lr.")
    return Ensemble(
        task, [found[k][0] for k in kept], None if weights is None else [weights[k] for k in kept], combine,
        spent=sum(found[k][0].evaluations for k in lost), device=device,
        notes=tuple(f"Member {k} has no say. {found[k][0].sentence}" for k in lost),
    )  # fmt: skip

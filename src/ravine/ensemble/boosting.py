"""`boost`: members trained one upon the other, each on what those before it have left undone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..data.examples import InMemory
from ..data.find import find
from ..data.losses import aligned
from ..data.task import Task
from ..engines.choice import check_engine
from ..errors import RavineError, nearest
from ..fields import text
from ..recipe import Recipe, read_recipe
from ..training.machine import one_thread
from ..training.run import CHECKPOINT_SECONDS
from .chain import Chain
from .crew import Place, folder_for
from .ensemble import Ensemble
from .job import seeds_of
from .member import Member, kind_of
from .members import Method, check_count
from .rounds import Boosted, filtered, residual_fitted, reweighted
from .sample import resampled, thirds
from .weighted import weighted

BY = ("reweighting", "resampling", "filtering", "residuals")
"""How the next member learns of what those before it got wrong."""


def boost(
    task: Task | str,
    recipe: Method,
    *,
    members: int = 10,
    by: str | None = None,
    shrinkage: float | None = None,
    seed: int = 0,
    arguments: Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    device: str | None = None,
    engine: str = "auto",
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    progress: Callable[[Member], None] = lambda _: None,
) -> Ensemble:
    """Trains members one upon the other, each on what those before it have left undone.

    It helps learners that are too simple for their task; a network that fits its training data leaves nothing to
    boost. The same call with the same `out` goes on where it was cut off, to the same bits on a CPU.

    Args:
        task: The task, or the text that finds it.
        recipe: The recipe, or the rule that stands for it, or the text of either.
        members: How many networks at most; filtering always takes three.
        by: For labels "reweighting" (SAMME, by weights in the loss), "resampling" (the same, by drawing examples as
            often as they weigh), or "filtering"; for numbers "residuals" (gradient boosting). None for the first that
            suits.
        shrinkage: What each member's say is multiplied by, in (0, 1]; None for 1, and for 0.5 by residuals.
        seed: Decides the members' luck.
        arguments: Arguments of the model factory: numbers, texts and tuples.
        out: The folder of members and of the finished `ensemble.pt`; None for none.
        device: Where to train; None for the GPU where there is one.
        engine: Who executes the rule.
        checkpoint_seconds: How long a member works at most without writing a checkpoint.
        progress: Called as members end.

    Returns:
        The ensemble; `notes` says why it has fewer members than were asked for.

    Raises:
        RavineError: An option or the task is not as it must be, or not even one member has a say.

    >>> boosted = boost("wine", "Recipe(Adam(lr=0.01), epochs=1)", members=3)
    >>> boosted, [round(weight, 1) for weight in boosted.weights]
    (3 members, combined by vote, [2.9, 1.9, 1.1])
    """
    found, settled = find(task) if isinstance(task, str) else task, read_recipe(recipe)
    by = _checked_by(found, by)
    _check_weighable(settled, by)
    shrinkage = (0.5 if by == "residuals" else 1.0) if shrinkage is None else shrinkage
    if isinstance(shrinkage, bool) or not isinstance(shrinkage, (int, float)) or not 0 < shrinkage <= 1:
        raise RavineError(f"boost(shrinkage={shrinkage!r}): must be in (0, 1].")
    check_count("members", members, 1, 1000)
    check_count("seed", seed, 0, 2**32 // 1000 - 1)
    check_engine(engine)
    with folder_for(out) as folder, one_thread():  # or weights would depend on the number of threads
        place = Place(str(folder), device, engine, checkpoint_seconds)
        chain = Chain(found, settled, by, place, seeds_of(seed, max(3, members)), dict(arguments or {}), progress)
        done, start = _boosted(chain, by, members, shrinkage, seed)
        ensemble = _gathered(chain, done, start)
        if out is not None:
            ensemble.save(folder / "ensemble.pt")
    return ensemble


def _checked_by(task: Task, by: str | None) -> str:
    numbers = kind_of(task, "vote") not in {"classes", "binary"}
    by = ("residuals" if numbers else "reweighting") if by is None else by
    if by not in BY:
        raise RavineError(f"boost(by={by!r}): by must be one of {', '.join(BY)}.{nearest(str(by), BY)}")
    if numbers != (by == "residuals"):
        suits = "'residuals'" if numbers else "'reweighting', 'resampling' or 'filtering'"
        raise RavineError(f"boost(by={by!r}): the targets are {'numbers' if numbers else 'labels'}: use by={suits}.")
    if numbers and task.used_loss.name not in {"squared_error", "mse_loss", "MSELoss"}:
        raise RavineError(
            f"boost(by='residuals') is for the squared error, and the task's loss is {task.used_loss.name}."
        )
    return by


def _check_weighable(recipe: Recipe, by: str) -> None:
    """Refuses, beside weights of examples, what makes other examples or another loss of them."""
    for name in ("loss", "augmentation"):
        given = getattr(recipe, name)
        if by == "reweighting" and given:
            raise RavineError(
                f"boost(by='reweighting') weighs the task's own loss on its own examples, and the recipe has "
                f"{name}={text(given)}: leave it out, or use by='resampling'."
            )


def _boosted(chain: Chain, by: str, members: int, shrinkage: float, seed: int) -> tuple[Boosted, float | Tensor]:
    if by == "residuals":
        return residual_fitted(
            lambda residuals, number: _on_residuals(chain, residuals, number), chain.targets, members, shrinkage
        )
    if by == "filtering":
        return filtered(
            lambda rows, k: chain.labeled(k, chain.ready.subset(rows)),
            chain.targets,
            thirds(chain.task, chain.ready, seed),
            seed,
        ), 0.0
    classes = chain.task.training_data.coding.classes
    count = len(classes) if classes else int(chain.targets.max()) + 1
    fit = _on_samples if by == "resampling" else _on_weights
    return reweighted(
        lambda weights, number: fit(chain, weights, number), chain.targets, count, members, shrinkage
    ), 0.0


def _on_weights(chain: Chain, weights: Tensor, number: int) -> Tensor | None:
    task, train = weighted(chain.task, chain.ready, weights)
    return chain.labeled(number, train, task)


def _on_samples(chain: Chain, weights: Tensor, number: int) -> Tensor | None:
    return chain.labeled(number, resampled(chain.ready, weights, chain.seeds[number]))


def _on_residuals(chain: Chain, residuals: Tensor, number: int) -> Tensor | None:
    if not isinstance(chain.ready, InMemory):
        raise RavineError("boosting by residuals needs data in memory: give the data as arrays.")
    assert chain.ready.target is not None
    columns = {**chain.ready.columns, chain.ready.target: residuals.float()}
    outputs = chain.learned(number, chain.ready.with_columns(columns, chain.ready.groups))
    return None if outputs is None else aligned(outputs, residuals)


def _gathered(chain: Chain, done: Boosted, start: float | Tensor) -> Ensemble:
    count = len(done.weights)
    if count == 0:
        raise RavineError(f"{done.note} Train longer, with another lr, or a larger network.")
    return Ensemble(
        chain.task, chain.trained[:count], done.weights, "sum" if chain.by == "residuals" else "vote", start,
        spent=sum(member.evaluations for member in chain.trained[count:]), notes=(done.note,) if done.note else (),
        device=chain.place.device,
    )  # fmt: skip

"""What a worker does with a job: it prepares the fold, trains, scores, and hands back a record.

Everything is worked out from the job and the setting of the study, so that the same job gives the same
numbers in any process.
"""

import hashlib
import math
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..data.scores import chance_outputs
from ..ensemble.member import weights_of
from ..errors import RavineError
from ..minimize import Descent
from ..part import substitute
from ..recipe import Recipe
from ..rules import Average
from ..training.evaluate import Outputs, outputs_of, scores_by_example, values
from ..training.loop import Training
from ..training.machine import device_named
from ..training.order import steps_per_epoch
from ..training.predicting import predicting
from ..training.run import Ended, Keeper, observe, run, start
from ..training.stage import Stage
from .job import Job, first_seed
from .networks import keep_network
from .outputs import certainty, members_of, outputs_kept
from .paradox import scored_within
from .record import Record
from .scene import Scene, stage


def work(scene: Scene, job: Job) -> Record:
    """Does one job; whatever goes wrong in it is its outcome.

    Args:
        scene: The study's setting.
        job: The job.

    Returns:
        The run's record.
    """
    try:
        return _train_and_score(scene, job)
    except Exception as error:  # noqa: BLE001 - a user's model may raise anything, and no study dies of one run
        return failed(scene, job, _sentence(error))


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, RavineError):
        return f"Failed: {text}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"Failed: {type(error).__name__}: {text} ({Path(place.filename).name}, line {place.lineno})"


def _train_and_score(scene: Scene, job: Job) -> Record:
    here = stage(scene, job.fold)
    training, keeper = _taken_up(scene, job, here) or _begin(scene, job, here)
    ended = run(training, job.until, keeper, lambda t, epoch: observe(here, t, epoch, judge=job.fold >= 0))
    if job.stage == "search" and job.until < job.recipe.epochs:
        with suppress(RavineError):  # a full disk: the run goes on from its beginning, to the same numbers
            replace(keeper, path=_checkpoint(scene, job.key)).write(training)
    keeper.watch.take_best_back()
    return _diverged(scene, job, here, ended) if ended.outcome == "diverged" else _scored(scene, job, here, ended)


def _checkpoint(scene: Scene, key: str) -> Path:
    return Path(scene.checkpoints) / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.pt"


def _taken_up(scene: Scene, job: Job, here: Stage) -> tuple[Training, Keeper] | None:
    """Goes on from the rung before; without its checkpoint the run starts over, to the same numbers."""
    if not job.start:
        return None
    training, keeper = _begin(scene, job, here)
    try:
        keeper.take_up(training, _checkpoint(scene, job.before))
    except RavineError:
        return None
    return training, keeper


def _begin(scene: Scene, job: Job, here: Stage) -> tuple[Training, Keeper]:
    recipe = _with_average(job.recipe, len(here.train)) if job.stage == "search" else job.recipe
    where = device_named(scene.device)
    return start(here, recipe, seed=job.seed, device=where, arguments=job.arguments, engine=scene.engine)


def _with_average(recipe: Recipe, count: int) -> Recipe:
    """Lets an average of the weights run along, over about one epoch, by which a setting is judged at a rung."""
    if recipe.rule.predicting_slot() is not None or isinstance(recipe.rule, Descent):
        return recipe
    memory = max(2, steps_per_epoch(recipe, count))
    return substitute(recipe, {("rule",): Average(recipe.rule, decay=1 - 1 / memory)})


def _scored(scene: Scene, job: Job, here: Stage, ended: Ended) -> Record:
    """Scores a run that has come to its end, by the weights that its rule predicts with."""
    training = ended.training
    own = job.recipe.rule.predicting_slot() is not None or bool(training.kept.states)
    refit = job.fold < 0
    with predicting(training) as model:
        predicted = outputs_of(here.task, model, here.judged)
        trained = outputs_of(here.task, model, training.examples) if own else None
        parts = members_of(here, model) if refit else {}
        state = weights_of(model) if refit and scene.networks else {}
    said = predicted if own else outputs_of(here.task, training.model, here.judged)
    score, proper = values(here.metrics, said)
    if not math.isfinite(score) or not math.isfinite(proper):
        return _diverged(scene, job, here, replace(ended, sentence="Diverged: its outputs are not finite."))
    averaged_score, averaged_proper = values(here.metrics, predicted)
    trained = trained or outputs_of(here.task, training.model, training.examples)
    train_score, train_proper = values(here.metrics, trained)
    scores = {
        "score": score, "proper": proper, "train_score": train_score, "train_proper": train_proper,
        "averaged_score": averaged_score, "averaged_proper": averaged_proper,
    }  # fmt: skip
    record = _kept(job, here, said, scores, ended, arrays=parts)
    return keep_network(scene, job, here, record, state) if state else record


def _diverged(scene: Scene, job: Job, here: Stage, ended: Ended) -> Record:
    said = _chance(scene, job, here)
    return _kept(job, here, said, _chance_scores(here, said), replace(ended, outcome="diverged"))


def failed(scene: Scene, job: Job, sentence: str) -> Record:
    """Makes the record of a run that broke off: it counts at chance level, and is named.

    Args:
        scene: The study's setting.
        job: The job.
        sentence: What went wrong.

    Returns:
        Its record.
    """
    here = stage(scene, job.fold)
    said = _chance(scene, job, here)
    return _kept(job, here, said, _chance_scores(here, said), None, sentence)


def has_failed(job: Job, records: Mapping[str, Record]) -> bool:
    """Tells whether a run has broken off before the stretch that a job asks for.

    Args:
        job: The job.
        records: All runs that have ended.

    Returns:
        Whether there is nothing to go on from.
    """
    return job.before in records and records[job.before].record["outcome"] == "failed"


def still_failed(before: Record, job: Job) -> Record:
    """Carries the record of a run that broke off to a later stretch of it, which nobody tries again.

    Args:
        before: The record.
        job: The later stretch.

    Returns:
        Its record.
    """
    now = {"rung": job.rung, "until": job.until, "loser": job.loser, "best_epoch": job.until}
    return replace(before, key=job.key, record=before.record | now)


def _chance(scene: Scene, job: Job, here: Stage) -> Outputs:
    """Gives what the best constant predictor says; where targets tell of none, what the untrained model says."""
    learned, true = here.train.targets, here.judged.targets
    outputs = None if learned is None or true is None else chance_outputs(here.task, learned.cpu(), true.cpu())
    if outputs is not None and true is not None:
        return Outputs(outputs, true.cpu())
    # With the first seed of the study: that network has been seen to work.
    untrained, _ = _begin(scene, replace(job, stage="default", seed=first_seed(scene.seed)), here)
    return outputs_of(here.task, untrained.model, here.judged)


def _chance_scores(here: Stage, said: Outputs) -> dict[str, float]:
    score, proper = values(here.metrics, said)
    return {
        "score": score, "proper": proper, "train_score": score, "train_proper": proper,
        "averaged_score": score, "averaged_proper": proper,
    }  # fmt: skip


def _kept(
    job: Job,
    here: Stage,
    said: Outputs,
    scores: Mapping[str, float],
    ended: Ended | None,
    sentence: str = "",
    arrays: Mapping[str, np.ndarray] | None = None,
) -> Record:
    """Puts a run's numbers together as the store keeps them; `ended` is None for a run that broke off."""
    training = None if ended is None else ended.training
    record = {
        "method": job.method, "stage": job.stage, "setting": job.setting, "values": dict(job.values),
        "recipe": repr(job.recipe), "fold": job.fold, "seed": job.seed, "rung": job.rung, "until": job.until,
        "loser": job.loser,
        "epochs": training.epoch if training else 0, "outcome": ended.outcome if ended else "failed",
        "sentence": ended.sentence if ended else sentence, "best_epoch": ended.best_epoch if ended else job.until,
        "evaluations": training.evaluations if training else 0, "steps": training.steps if training else 0,
        "seconds": ended.seconds if ended else 0.0, **scores,
    }  # fmt: skip
    kept: dict[str, np.ndarray] = {}
    if job.fold < 0:
        kept["score"], kept["proper"] = scores_by_example(here.metrics, said)
        kept |= {**scored_within(here, said), **certainty(here, said), **outputs_kept(said), **(arrays or {})}
    curve = [vars(epoch) for epoch in ended.history] if ended else []
    return Record(job.key, record, curve, kept)

"""The networks that a study has refitted: each in a folder such as `ravine train --out` makes, so that it predicts."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.task import Task
from ..ensemble.ensemble import Ensemble
from ..ensemble.member import Member
from ..ensemble.work import read_member
from ..errors import RavineError, nearest
from ..fields import text
from ..training.carrying import task_of
from ..training.checkpoint import save
from ..training.folder import WEIGHTS, arguments_text, fingerprint, read_card, write_card
from ..training.stage import Stage
from .job import Job
from .record import Record, sound_refits
from .scene import Scene, data_fingerprint

if TYPE_CHECKING:
    from .study import Study

NETWORKS = "networks"
"""The folder in a study's own."""
RESULT = ("outcome", "sentence", "score", "proper", "train_score", "evaluations", "seconds")
"""What a card says of how a run ended."""


def network_folder(networks: Path, method: str, seed: int) -> Path:
    """Names the folder of a refitted network.

    Args:
        networks: The folder of all of them.
        method: What the contender is called.
        seed: The run's seed.

    Returns:
        Its folder: the name as it is where a path can hold it, else with what tells it apart from its like.

    >>> network_folder(Path("networks"), "adam", 500).name, network_folder(Path("networks"), "L2 penalty", 500).name
    ('adam-500', 'L2-penalty-423a-500')
    """
    plain = re.sub("[^A-Za-z0-9_.]+", "-", method).strip("-.")[:60]
    digest = "" if plain == method else f"-{hashlib.sha256(method.encode()).hexdigest()[:4]}"
    return networks / f"{plain}{digest}-{seed}"


def keep_network(scene: Scene, job: Job, here: Stage, record: Record, state: Mapping[str, Any]) -> Record:
    """Keeps a refitted network.

    Args:
        scene: The study's setting.
        job: The run.
        here: Its data.
        record: What is kept of it beside.
        state: The weights that predict.

    Returns:
        The record; where the disk refuses, its sentence says so.
    """
    assert scene.networks is not None
    if job.stage != "tuned":
        return record
    folder, ended = network_folder(Path(scene.networks), job.method, job.seed), record.record
    result = {name: ended[name] for name in RESULT}
    named = {"metric": here.metrics[0].name, "proper_name": here.metrics[1].name}
    try:
        card = {
            "task": here.task.source, "data": data_fingerprint(scene), "recipe": repr(job.recipe),
            "seed": job.seed, "arguments": arguments_text(job.arguments), "until": job.until, "metric": scene.metric,
            "engine": scene.engine, "layers": text(job.recipe.layers), "result": result | named,
        }  # fmt: skip
        save(dict(state), folder / WEIGHTS)
        write_card(folder, card)
    except RavineError as error:
        return replace(record, record=ended | {"sentence": f"{ended['sentence']} Its network is not kept: {error}"})
    return record


def refitted_ensemble(
    study: "Study",
    methods: Sequence[str] | None,
    *,
    best: int,
    seeds: int,
    task: Task | None,
    combine: str,
    device: str | None,
) -> Ensemble:
    """Makes an ensemble of networks that a study has refitted: see `Study.ensemble`.

    Args:
        study: The study.
        methods: Whose networks; None for the `best` by cross-validation.
        best: How many methods, where none are named.
        seeds: How many fresh seeds of each.
        task: The task, where no text finds it again.
        combine: How they are combined.
        device: Where its networks shall be.

    Returns:
        The ensemble, with the networks of the best method first.

    Raises:
        RavineError: There is no such method, or its networks are not kept, or all diverged.
    """
    found = _task(study, task)
    chosen = _chosen(study, methods, best)
    if isinstance(seeds, bool) or not isinstance(seeds, int) or not 1 <= seeds <= study.options.seeds:
        raise RavineError(f"seeds={seeds!r}: must be a whole number from 1 to {study.options.seeds}.")
    sound = sound_refits(study.latest)
    runs = [run for method in chosen for run in sound.get(method, [])[:seeds]]
    missing = [
        f"{method} has {len(sound.get(method, []))} of {seeds} networks: the others diverged."
        for method in chosen
        if len(sound.get(method, [])) < seeds
    ]
    if not runs:
        raise RavineError(f"no refit of {', '.join(chosen)} has ended without diverging: there is no member.")
    members = [_member(study.folder / NETWORKS, run, found) for run in runs]
    return Ensemble(found, members, combine=combine, notes=tuple(missing), device=device)


def _task(study: "Study", task: Task | None) -> Task:
    if task is not None:
        return task
    try:
        return task_of(study.options.task, study.options.metric)
    except RavineError as error:
        raise RavineError(f"{error} Give the task, as in study.ensemble(task=task).") from error


def _chosen(study: "Study", methods: Sequence[str] | None, best: int) -> list[str]:
    known = list(study.summary()["method"])
    if methods is None:
        if isinstance(best, bool) or not isinstance(best, int) or best < 1:
            raise RavineError(f"best={best!r}: must be a whole number of at least 1.")
        return known[:best]
    named = [methods] if isinstance(methods, str) else list(methods)
    for name in named:
        if name not in known:
            raise RavineError(
                f"the study has no method {name!r}: name some of {', '.join(known)}.{nearest(name, known)}"
            )
    return named


def _member(networks: Path, run: Record, task: Task) -> Member:
    folder = network_folder(networks, run.record["method"], run.record["seed"])
    if not (folder / WEIGHTS).exists():
        raise RavineError(f"the network in {str(folder)!r} is not kept: run the study anew, to another --out.")
    if read_card(folder)["data"] != fingerprint(task):
        raise RavineError(f"the data of the task have changed since the study in {str(networks.parent)!r} was done.")
    return read_member(folder, task)

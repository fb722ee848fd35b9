"""The setting of a study: where all its jobs take place, and the data of each fold, the same in every process."""

from dataclasses import dataclass
from functools import lru_cache

from ..training.carrying import task_of
from ..training.folder import fingerprint
from ..training.machine import device_named
from ..training.stage import Stage, fold_stage, whole_stage


@dataclass(frozen=True)
class Scene:
    """Where all jobs of a study take place.

    `task` is the text by which any process finds the task, or the file that it was written to for the workers;
    `networks` the folder in which refitted networks are kept, None where they are not.
    """

    task: str
    metric: str | None
    folds: int
    holdout: float | None
    seed: int
    device: str | None
    engine: str
    checkpoints: str
    networks: str | None = None


def forget() -> None:
    """Lets go of tasks and data that were read before: files may have changed since the last study."""
    for known in (task_of, stage, data_fingerprint):
        known.cache_clear()


@lru_cache(maxsize=32)
def stage(scene: Scene, fold: int) -> Stage:
    """Prepares the data of one fold, once per process.

    Args:
        scene: The study's setting.
        fold: Which fold; -1 for all training data, judged on the test set.

    Returns:
        The data.
    """
    task, device = task_of(scene.task, scene.metric), device_named(scene.device)
    if fold < 0:
        return whole_stage(task, device, scene.seed)
    return fold_stage(task, device, fold, count=scene.folds, holdout=scene.holdout, seed=scene.seed)


@lru_cache(maxsize=1)
def data_fingerprint(scene: Scene) -> str:
    """Gives the fingerprint of a study's data, as the folders of its networks keep it, once per process.

    Args:
        scene: The study's setting.

    Returns:
        A text that is the same for the same data.
    """
    return fingerprint(task_of(scene.task, scene.metric))

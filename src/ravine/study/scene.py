"""The setting of a study: where all its jobs take place, and the data of each fold, the same in every process."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cloudpickle

from ..data.find import find
from ..data.task import Task
from ..errors import RavineError
from ..training.machine import device_named
from ..training.stage import Stage, fold_stage, whole_stage


@dataclass(frozen=True)
class Scene:
    """Where all jobs of a study take place.

    `task` is the text by which any process finds the task, or the file that it was written to for the workers.
    """

    task: str
    metric: str | None
    folds: int
    holdout: float | None
    seed: int
    device: str | None
    engine: str
    checkpoints: str


@lru_cache(maxsize=1)
def task_of(text: str, metric: str | None) -> Task:
    """Finds a task, once per process.

    Args:
        text: The text by which it is found, or the file that `write_task` wrote.
        metric: The name of a metric to use instead of the task's own.

    Returns:
        The task.
    """
    task = cloudpickle.loads(Path(text).read_bytes()) if text.endswith(".cloudpickle") else find(text)
    return task if metric is None else replace(task, metric=metric)


def write_task(task: Task, folder: Path) -> str:
    """Writes down a task that no text finds, for this study's own workers; it is written anew at every start.

    Args:
        task: The task.
        folder: The study's folder.

    Returns:
        The text that `task_of` takes.

    Raises:
        RavineError: It cannot be written, or holds what cannot be packed.
    """
    path = folder / "task.cloudpickle"
    try:
        path.write_bytes(cloudpickle.dumps(task))
    except OSError as error:
        raise RavineError(f"cannot write {str(path)!r}: {error.strerror}. Choose another --out.") from error
    except Exception as error:  # whatever a user's objects raise when they are packed
        raise RavineError(
            f"the task cannot be carried to worker processes: {type(error).__name__}: {error}. Write it in a file, "
            "and give that, as in compare('my_task.py')."
        ) from error
    return str(path)


def forget() -> None:
    """Lets go of tasks and data that were read before: files may have changed since the last study."""
    task_of.cache_clear()
    stage.cache_clear()


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

"""How a task reaches worker processes: by the text that finds it, or in a file for those that no text finds."""

import sys
from functools import lru_cache
from pathlib import Path

import cloudpickle

from ..data.find import LOADED, find
from ..data.task import Task, judged_by
from ..errors import RavineError

CARRIED = "task.cloudpickle"
"""The file by which a task that no text finds reaches the workers."""


@lru_cache(maxsize=1)
def task_of(text: str, metric: str | None = None) -> Task:
    """Finds a task, once per process.

    Args:
        text: The text by which it is found, or the file that `write_task` wrote.
        metric: The name of a metric to use instead of the task's own.

    Returns:
        The task.
    """
    task = cloudpickle.loads(Path(text).read_bytes()) if text.endswith(".cloudpickle") else find(text)
    return judged_by(task, metric)


def write_task(
    task: Task,
    folder: Path,
    *,
    elsewhere: str = "Choose another --out.",
    in_a_file: str = "Write it in a file, and give that, as in compare('my_task.py').",
) -> str:
    """Writes down a task that no text finds, for one's own workers; it is written anew at every start.

    Args:
        task: The task.
        folder: Where it is written; it is made where it is not there.
        elsewhere: What to do where the folder cannot be written.
        in_a_file: What to do about a task that cannot be packed.

    Returns:
        The text that `task_of` takes.

    Raises:
        RavineError: It cannot be written, or holds what cannot be packed.
    """
    path = folder / CARRIED
    for name, module in list(sys.modules.items()):
        if name.startswith(LOADED):  # workers have not run the user's file, so what it defines travels whole
            cloudpickle.register_pickle_by_value(module)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cloudpickle.dumps(task))
    except OSError as error:
        raise RavineError(f"cannot write {str(path)!r}: {error.strerror}. {elsewhere}") from error
    except Exception as error:  # whatever a user's objects raise when they are packed
        raise RavineError(
            f"the task cannot be carried to worker processes: {type(error).__name__}: {error}. {in_a_file}"
        ) from error
    return str(path)

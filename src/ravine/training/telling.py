"""What a user's own code raised during training, told in one line."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import RavineError
from .loop import Training


@contextmanager
def told(training: Training) -> Iterator[None]:
    """Tells in one line what a user's model, loss or data raised during training.

    Args:
        training: The training.

    Yields:
        Nothing.

    Raises:
        RavineError: Something was raised: what, in which epoch, and where.
    """
    try:
        yield
    except RavineError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        reason = " ".join(str(error).split()) or "no reason given"
        raise RavineError(
            f"training broke off in epoch {training.epoch + 1}: {type(error).__name__}: {reason} "
            f"({Path(place.filename).name}, line {place.lineno})"
        ) from error

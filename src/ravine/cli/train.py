"""What `ravine train` and `ravine predict` print."""

import sys
from pathlib import Path
from typing import Any

from ..data import ledger
from ..data.find import find
from ..data.pretrained import Pretrained
from ..errors import RavineError
from ..recipe import NAMES
from ..text import read
from ..training.predict import predict
from ..training.run import Epoch
from ..training.train import train
from .progress import duration


def run_train(task: str, recipe: str, arguments: list[str], **options: Any) -> None:
    """Trains, and prints how it went.

    Args:
        task: The task's text.
        recipe: The recipe's text.
        arguments: Arguments of the model, as `name=value`.
        **options: The options of `ravine.train`.
    """
    ledger.check()
    found = find(task)
    if isinstance(found.model, Pretrained):
        print(found.model.report, file=sys.stderr)
    run = train(found, recipe, arguments=dict(_argument(text) for text in arguments), progress=_tell, **options)
    print(f"{run.sentence} {run.evaluations} gradient evaluations in {duration(run.seconds)}.")
    print(f"test {run.metric} {run.score:.6g}, {run.proper_name} {run.proper:.6g}")
    print(f"training {run.metric} {run.train_score:.6g}")
    if run.folder is not None:
        print(f"Weights: {run.folder / 'model.pt'}")


def _tell(epoch: Epoch) -> None:
    said = f"epoch {epoch.epoch}: loss {epoch.train_loss:.4g}, score on training examples {epoch.train_score:.4g}"
    print(said, file=sys.stderr)


def _argument(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise RavineError(f"--set {text!r}: write an argument of the model and its value, as in width=32.")
    return name, read(value, NAMES)


def run_predict(folder: str, data: str, out: str | None) -> None:
    """Predicts, and prints or writes a table.

    Args:
        folder: The run's folder.
        data: The data file.
        out: The file that the predictions go to.

    Raises:
        RavineError: The file cannot be written.
    """
    file = None if out is None else Path(out)
    if file is not None and file.suffix not in (".csv", ".parquet"):
        raise RavineError(f"--out {out!r}: the file must end in .csv or .parquet.")
    table = predict(folder, data).table()
    if file is None:
        sys.stdout.write(table.to_csv(index=False))
        return
    try:
        table.to_parquet(file) if file.suffix == ".parquet" else table.to_csv(file, index=False)
    except OSError as error:
        raise RavineError(f"cannot write {out!r}: {error.strerror or error}.") from error
    print(f"{len(table)} predictions: {file}")

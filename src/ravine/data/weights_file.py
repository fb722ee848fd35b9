"""Files of weights: safetensors, or what `torch.save` made of a state dict, read without unpickling anything.

Hugging Face 2022, "Safetensors". https://github.com/huggingface/safetensors
"""

import hashlib
import io
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from ..errors import RavineError, nearest

IN_FOLDERS = ("model.pt", "model.safetensors")
"""The file of weights in a folder: what a run leaves there, or what a hub of models does."""
INSIDE = ("state_dict", "model", "model_state_dict", "module", "weights")
"""Where checkpoints that hold more than weights keep them, in the order in which they are looked for."""
SAFE = "save the weights alone, by safetensors or by torch.save(model.state_dict(), ...)"


@dataclass(frozen=True, eq=False)
class Weights:
    """The tensors of a file by name, on the CPU, and a digest of the whole file."""

    path: Path
    tensors: Mapping[str, Tensor]
    digest: str


def read_weights(file: str | Path) -> Weights:
    """Reads the tensors of a file; the same file is read once per process.

    Args:
        file: A file, told by its content and not by its name; or a folder with `model.pt`, as a run leaves it.

    Returns:
        Its tensors; of a checkpoint that holds more, those under one of `INSIDE`.

    Raises:
        RavineError: It is not there, is damaged, holds pickled objects, or no tensors.
    """
    path = _found(Path(file).expanduser().resolve())
    now = path.stat()
    return _read(path, now.st_mtime_ns, now.st_size)


def _found(path: Path) -> Path:
    if path.is_dir():
        inside = [path / name for name in IN_FOLDERS if (path / name).is_file()]
        if not inside:
            unfinished = (path / "run.json").is_file()
            why = "its run has not ended" if unfinished else f"it has no {' and no '.join(IN_FOLDERS)}"
            raise RavineError(f"there are no weights in the folder {str(path)!r}: {why}.")
        return inside[0]
    if not path.is_file():
        near = nearest(path.name, [one.name for one in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise RavineError(f"there is no file of weights {str(path)!r}.{near}")
    return path


@lru_cache(maxsize=2)
def _read(path: Path, changed: int, size: int) -> Weights:  # noqa: ARG001 - another time or size is another file
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RavineError(f"{str(path)!r} cannot be read: {error.strerror or error}.") from error
    is_safetensors = data[8:9] == b"{" and not zipfile.is_zipfile(io.BytesIO(data))
    state = _safetensors(data, path) if is_safetensors else _state_dict(data, path)
    tensors = _tensors(state)
    if not tensors:
        raise RavineError(f"{str(path)!r} holds no weights: {SAFE}.")
    return Weights(path, tensors, hashlib.sha256(data).hexdigest()[:16])


def _safetensors(data: bytes, path: Path) -> Mapping[str, Any]:
    try:
        return safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError) as error:  # a KeyError is a dtype that this PyTorch has not
        reason = " ".join(str(error).split()).removeprefix("Error while deserializing: ")
        raise RavineError(f"{str(path)!r} cannot be read: it is damaged, or no file of weights ({reason}).") from error


def _state_dict(data: bytes, path: Path) -> Any:
    zipped = zipfile.is_zipfile(io.BytesIO(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of formats that are refused below in a sentence
            if zipped and zipfile.ZipFile(io.BytesIO(data)).testzip():
                raise zipfile.BadZipFile  # torch.load itself would take flipped bits for weights
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever bytes mean to a reader that did not expect them
        if isinstance(error, pickle.UnpicklingError) and (zipped or data[:1] == b"\x80"):
            named = re.search(r"GLOBAL (\w[\w.]*)", str(error))
            what = f"a pickled {named[1]}" if named else "pickled objects"
            raise RavineError(
                f"{str(path)!r} holds {what}, and is refused unread, since unpickling can run any code: {SAFE}."
            ) from error
        raise RavineError(f"{str(path)!r} cannot be read: it is damaged, or no file of weights.") from error


def _tensors(state: Any) -> dict[str, Tensor]:
    """Takes the tensors out of a state dict, however it was wrapped."""
    if not isinstance(state, Mapping):
        return {}
    found = {str(name): value.detach() for name, value in state.items() if isinstance(value, Tensor)}
    wrapped = next((state[name] for name in INSIDE if isinstance(state.get(name), Mapping)), None)
    return _tensors(wrapped) if wrapped is not None else found

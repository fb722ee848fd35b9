"""Files of weights: every common kind is read, nothing is unpickled, and every fault has its sentence."""

import io
import os
import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from ravine.data.weights_file import read_weights
from ravine.errors import RavineError
from ravine.recipe import Recipe
from ravine.rules import SGD
from ravine.training.train import train

from ..training.cases import labels, trained


def state():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)).state_dict()


def legacy(path):
    torch.save(state(), path, _use_new_zipfile_serialization=False)


KINDS = {
    "safetensors": lambda path: save_file(state(), path),
    "torch": lambda path: torch.save(state(), path),
    "before 1.6": legacy,
    "wrapped": lambda path: torch.save({"state_dict": 5, "model": state(), "epoch": 3}, path),
    "twice": lambda path: torch.save({"model": {"state_dict": dict(state())}}, path),
    "parameters": lambda path: torch.save(
        {name: nn.Parameter(value) if value.is_floating_point() else value for name, value in state().items()}, path
    ),
}


def sentence(path):
    with pytest.raises(RavineError) as refusal:
        read_weights(path)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_its_tensors_whatever_it_is_called(kind, tmp_path):
    path = tmp_path / "weights.bin"
    KINDS[kind](path)
    found = read_weights(str(path))
    assert found.tensors.keys() == state().keys()
    for name, value in state().items():
        assert torch.equal(found.tensors[name], value)
        assert not found.tensors[name].requires_grad


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64, torch.int8, torch.float8_e4m3fn])
def test_precisions_are_kept(dtype, tmp_path):
    save_file({"a": torch.ones(2, 3).to(dtype)}, tmp_path / "a")
    found = read_weights(tmp_path / "a").tensors["a"]
    assert found.dtype == dtype
    assert found.shape == (2, 3)


def test_a_runs_folder_gives_the_weights_that_predict_and_a_checkpoint_the_raw_ones(tmp_path):
    run = train(labels(), SGD(lr=0.1), until=1, out=tmp_path / "run")
    found = read_weights(tmp_path / "run")
    assert found.path == tmp_path / "run" / "model.pt"
    for name, value in run.model.state_dict().items():
        assert torch.equal(found.tensors[name], value)
    raw = trained(labels(), Recipe(SGD(lr=0.1), epochs=1))[0].model.state_dict()
    assert read_weights(tmp_path / "run" / "checkpoint.pt").tensors.keys() == raw.keys()


def test_a_folder_of_a_hub_is_one_of_weights_too(tmp_path):
    save_file(state(), tmp_path / "model.safetensors")
    assert read_weights(tmp_path).tensors.keys() == state().keys()


def test_the_digest_is_that_of_the_bytes_and_another_file_is_read_anew(tmp_path):
    path = tmp_path / "weights"
    torch.save({"a": torch.zeros(2)}, path)
    first = read_weights(path)
    assert read_weights(path) is first
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(1, 1))
    again = read_weights(path)
    assert again is not first
    assert again.digest == first.digest
    torch.save({"a": torch.ones(2)}, path)
    assert read_weights(path).digest != first.digest
    assert read_weights(path).tensors["a"].tolist() == [1, 1]


class Trap:
    """Runs code when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["zip", "legacy", "plain", "plain 0"])
def test_a_pickle_is_refused_and_not_run(kind, tmp_path):
    path, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    inside = {"a": torch.zeros(2), "trap": Trap(sprung)}
    if kind.startswith("plain"):
        path.write_bytes(pickle.dumps(inside["trap"], protocol=0 if kind.endswith("0") else 4))
    else:
        torch.save(inside, path, _use_new_zipfile_serialization=kind == "zip")
    told = sentence(path)
    assert not sprung.exists()
    assert told.startswith(f"{str(path)!r} ")
    if kind != "plain 0":  # which nothing tells from any other text
        assert " and is refused unread, since unpickling can run any code: save the weights alone" in told
    if kind in ("zip", "legacy"):
        assert f"holds a pickled {os.mkdir.__module__}.mkdir, " in told


def test_a_whole_model_is_refused_by_its_name(tmp_path):
    torch.save(nn.Linear(4, 3), tmp_path / "model.pt")
    assert "model.pt' holds a pickled torch.nn.modules.linear.Linear, and is refused" in sentence(tmp_path / "model.pt")


def whole():
    file = io.BytesIO()
    torch.save(state(), file)
    return file.getvalue()


WHOLE = whole()


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_file_is_told(tmp_path_factory, length):
    path = tmp_path_factory.mktemp("cut") / "cut.pt"
    path.write_bytes(WHOLE[:length])
    assert sentence(path).startswith(f"{str(path)!r} ")


@given(st.binary(max_size=200))
def test_garbage_is_told(tmp_path_factory, garbage):
    path = tmp_path_factory.mktemp("garbage") / "garbage"
    path.write_bytes(garbage)
    assert sentence(path).startswith(f"{str(path)!r} ")


def test_a_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "flipped.pt"
    torch.save({"a": torch.arange(1000.0)}, path)
    flipped = bytearray(path.read_bytes())
    place = flipped.index(torch.arange(500.0, 510.0).numpy().tobytes())
    flipped[place + 2] ^= 4
    path.write_bytes(flipped)
    assert float(torch.load(path, weights_only=True)["a"][500]) != 500  # PyTorch itself notices nothing
    assert sentence(path) == f"{str(path)!r} cannot be read: it is damaged, or no file of weights."


def test_a_damaged_safetensors_file_is_told(tmp_path):
    path = tmp_path / "cut.safetensors"
    save_file(state(), path)
    path.write_bytes(path.read_bytes()[:-3])
    assert sentence(path).startswith(f"{str(path)!r} cannot be read: it is damaged, or no file of weights (")


@pytest.mark.parametrize("content", [{}, {"lr": 0.1}, [1, 2], {"state_dict": {"lr": 0.1}}, 3.0])
def test_a_file_without_tensors_is_told(content, tmp_path):
    torch.save(content, tmp_path / "none.pt")
    assert sentence(tmp_path / "none.pt").startswith(
        f"{str(tmp_path / 'none.pt')!r} holds no weights: save the weights"
    )


def test_what_is_not_there_is_told_with_what_is(tmp_path):
    (tmp_path / "weights.pt").write_bytes(WHOLE)
    missing = tmp_path / "wieghts.pt"
    assert sentence(missing) == f"there is no file of weights {str(missing)!r}. Did you mean 'weights.pt'?"
    assert sentence(tmp_path / "no" / "a.pt") == f"there is no file of weights {str(tmp_path / 'no' / 'a.pt')!r}."
    told = f"there are no weights in the folder {str(tmp_path)!r}: "
    assert sentence(tmp_path) == told + "it has no model.pt and no model.safetensors."
    (tmp_path / "run.json").write_text("{}")
    assert sentence(tmp_path) == told + "its run has not ended."

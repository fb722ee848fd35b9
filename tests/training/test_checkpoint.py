"""Checkpoints: whole or not at all, to the last bit, and no code is ever run from one."""

import errno
import io
import os
import pickle
import zipfile

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ravine.errors import RavineError
from ravine.recipe import Recipe
from ravine.rules import SGD, Adam, Average
from ravine.schedules import cosine
from ravine.training.checkpoint import load, remove_unfinished, restore, save, state_of
from ravine.training.loop import epochs

from .cases import CPU, labels, limited_file_size, same, trained, training_of, weights

RECIPE = Recipe(Average(Adam(lr=cosine(0.05))), batch_size=8, epochs=4)


def saved(state, path):
    save(state, path)
    return load(path, CPU)


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("stop", [1, 5, 8, 19])
def test_what_is_restored_after_any_step_goes_on_to_the_same_bits(tmp_path, stop):
    whole, losses = trained(labels(), RECIPE)

    class Stopped(Exception):
        pass

    def now(training):
        if training.steps == stop:
            save(state_of(training), tmp_path / "checkpoint.pt")
            raise Stopped

    begun = training_of(labels(), RECIPE)
    with pytest.raises(Stopped):
        list(epochs(begun, 4, now))
    again = training_of(labels(), RECIPE)
    again.optimizer.lr_factor = 0.5  # the checkpoint knows better
    restore(again, load(tmp_path / "checkpoint.pt", CPU))
    assert (again.epoch, again.batch, again.steps) == (begun.epoch, begun.batch, stop)
    assert list(epochs(again, 4)) == losses[begun.epoch :]
    assert same(weights(again.model), weights(whole.model))
    assert (again.steps, again.evaluations) == (whole.steps, whole.evaluations)


def test_values_of_every_kind_come_back(tmp_path):
    state = {"tensor": torch.randn(3, 4).T, "number": 0.1, "none": None, "nested": [(1, "text"), {"nan": float("nan")}]}
    again = saved(state, tmp_path / "folder" / "state.pt")
    assert torch.equal(again["tensor"], state["tensor"])
    assert repr([again[name] for name in state][1:]) == repr(list(state.values())[1:])


@pytest.mark.parametrize(
    ("recipe", "seed", "model", "told"),
    [
        (
            Recipe(SGD(), epochs=4),
            0,
            None,
            "the checkpoint is of recipe 'Recipe(Average(Adam(lr=cosine(0.05))), batch_",
        ),
        (RECIPE, 1, None, "the checkpoint is of seed 0, and this run has 1."),
        (
            RECIPE,
            0,
            lambda: torch.nn.Linear(4, 3),
            "the checkpoint is of another model: Error(s) in loading state_dict",
        ),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(recipe, seed, model, told):
    state = state_of(trained(labels(), RECIPE)[0])
    task = labels() if model is None else labels(model)
    assert sentence(lambda: restore(training_of(task, recipe, seed), state)).startswith(told)


@pytest.mark.parametrize("part", ["optimizer", "losses", "recipe"])
def test_a_checkpoint_that_lacks_something_is_none(part):
    training, _ = trained(labels(), RECIPE)
    state = {name: value for name, value in state_of(training).items() if name != part}
    assert sentence(lambda: restore(training, state)) == f"this is no checkpoint of a run: it has no {part}."


def checkpoint_bytes():
    file = io.BytesIO()
    torch.save(state_of(trained(labels(), Recipe(SGD(), epochs=1))[0]), file)
    return file.getvalue()


WHOLE = checkpoint_bytes()


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_file_is_told_in_one_line(tmp_path_factory, length):
    path = tmp_path_factory.getbasetemp() / "truncated.pt"
    path.write_bytes(WHOLE[:length])
    assert sentence(lambda: load(path, CPU)).startswith(f"{str(path)!r} cannot be read: it is damaged, or holds more")


@given(st.binary(max_size=200))
def test_garbage_is_told_in_one_line(tmp_path_factory, garbage):
    path = tmp_path_factory.getbasetemp() / "garbage.pt"
    path.write_bytes(garbage)
    assert sentence(lambda: load(path, CPU)).startswith(f"{str(path)!r} cannot be read: it is damaged")


def test_a_flipped_bit_in_the_weights_is_noticed(tmp_path):
    path = tmp_path / "flipped.pt"
    path.write_bytes(WHOLE)
    with zipfile.ZipFile(path) as archive:
        inside = max(archive.infolist(), key=lambda member: member.file_size if "/data/" in member.filename else 0)
    flipped = bytearray(WHOLE)
    flipped[inside.header_offset + 64 + inside.file_size // 2] ^= 4
    path.write_bytes(flipped)
    assert torch.load(path, weights_only=True)["seed"] == 0  # PyTorch itself notices nothing
    assert sentence(lambda: load(path, CPU)).startswith(f"{str(path)!r} cannot be read: it is damaged")


class Trap:
    """Runs code when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("plain", [True, False])
def test_code_in_a_file_is_refused_and_not_run(tmp_path, plain):
    path, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    if plain:
        path.write_bytes(pickle.dumps({"model": Trap(sprung)}))
    else:
        torch.save({"model": Trap(sprung)}, path)
    told = sentence(lambda: load(path, CPU))
    assert told.endswith("cannot be read: it is damaged, or holds more than tensors, numbers and texts.")
    assert not sprung.exists()
    pickle.loads(path.read_bytes()) if plain else torch.load(path, weights_only=False)
    assert sprung.exists()  # the trap would have worked


def test_a_file_that_is_no_state_or_not_there_is_told(tmp_path):
    torch.save([1, 2], tmp_path / "list.pt")
    assert sentence(lambda: load(tmp_path / "list.pt", CPU)).endswith("or no state of a model or a run.")
    assert sentence(lambda: load(tmp_path / "none.pt", CPU)) == f"there is no file {str(tmp_path / 'none.pt')!r}."


@pytest.mark.parametrize("size", [0, 1, 1000, 30_000, 100_000])
def test_a_full_disk_leaves_the_old_checkpoint_as_it_was(tmp_path, size):
    path = tmp_path / "checkpoint.pt"
    save({"weights": torch.ones(10)}, path)
    large = {f"layer {k}": torch.zeros(5000) for k in range(10)}
    with limited_file_size(size):
        told = sentence(lambda: save(large, path))
    assert told == f"cannot write {str(path)!r}: {os.strerror(errno.EFBIG)}. What was saved before is safe."
    assert torch.equal(load(path, CPU)["weights"], torch.ones(10))
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.pt"]
    assert len(saved(large, path)) == 10


class Unwritable:
    def __reduce__(self):
        raise KeyboardInterrupt


def test_a_write_that_is_interrupted_leaves_the_old_checkpoint_as_it_was(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save({"weights": torch.ones(10)}, path)
    with pytest.raises(KeyboardInterrupt):
        save({"weights": torch.zeros(10), "more": Unwritable()}, path)
    assert torch.equal(load(path, CPU)["weights"], torch.ones(10))
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_what_cannot_be_a_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    told = sentence(lambda: save({}, tmp_path / "file" / "checkpoint.pt"))
    assert told.startswith(f"cannot write {str(tmp_path / 'file' / 'checkpoint.pt')!r}: ")


def test_leftovers_of_killed_writers_are_removed_and_nothing_else(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save({}, path)
    for name in (".checkpoint.pt.17", ".checkpoint.pt.123", ".other.pt.17", "checkpoint.pt.17"):
        (tmp_path / name).write_text("")
    remove_unfinished(path)
    assert {each.name for each in tmp_path.iterdir()} == {"checkpoint.pt", ".other.pt.17", "checkpoint.pt.17"}


def test_others_may_read_what_the_folder_lets_them_read(tmp_path):
    save({}, tmp_path / "model.pt")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "model.pt").stat().st_mode == (tmp_path / "plain").stat().st_mode

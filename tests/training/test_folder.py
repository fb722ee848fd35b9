"""A run's folder: one run, one process, and files that say what they are."""

import json

import pytest
from filelock import FileLock
from torch import nn

from ravine.errors import RavineError
from ravine.text import read
from ravine.training.checkpoint import save
from ravine.training.folder import (
    CARD,
    CHECKPOINT,
    LOCK,
    WEIGHTS,
    arguments_text,
    claimed,
    fingerprint,
    load_model,
    read_card,
    write_card,
)

from .cases import LABELS, X, labels, network, same, weights

CLAIM = {
    "task": None, "data": "d", "recipe": "r", "seed": 0, "arguments": "{}", "until": 3, "metric": None,
}  # fmt: skip


def sentence(call):
    with pytest.raises(RavineError) as refusal:
        call()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def enter(folder, card):
    with claimed(folder, card):
        pass


def test_one_process_at_a_time(tmp_path):
    with claimed(tmp_path, CLAIM):
        told = sentence(lambda: enter(tmp_path, CLAIM))
    assert told == f"another process trains in {str(tmp_path)!r}: let it end, or choose another --out."
    with pytest.raises(ZeroDivisionError), claimed(tmp_path, CLAIM):
        raise ZeroDivisionError
    enter(tmp_path, CLAIM)  # whatever happened, it is free again
    with FileLock(tmp_path / LOCK):
        assert sentence(lambda: enter(tmp_path, CLAIM)) == told


def test_a_run_that_keeps_nothing_needs_no_folder():
    with claimed(None, {}):
        pass


def test_what_killed_processes_left_is_removed(tmp_path):
    enter(tmp_path, CLAIM)
    for name in (".model.pt.17", ".checkpoint.pt.17", ".run.json.unfinished"):
        (tmp_path / name).write_text("half")
    enter(tmp_path, CLAIM)
    assert {path.name for path in tmp_path.iterdir()} == {CARD, LOCK}


def test_a_card_is_json_that_every_reader_takes(tmp_path):
    write_card(tmp_path, {**CLAIM, "result": {"score": float("nan"), "proper": 0.5}})
    assert read_card(tmp_path)["result"] == {"score": None, "proper": 0.5}
    assert "NaN" not in (tmp_path / CARD).read_text()


@pytest.mark.parametrize("kept", [WEIGHTS, CHECKPOINT])
def test_a_folder_is_another_runs_once_that_has_kept_something(tmp_path, kept):
    other = CLAIM | {"seed": 1}
    enter(tmp_path, CLAIM)
    enter(tmp_path, other)
    assert read_card(tmp_path) == other
    (tmp_path / kept).write_text("")
    told = sentence(lambda: enter(tmp_path, CLAIM))
    assert told == f"{str(tmp_path)!r} holds another run: seed was 1, now 0. Choose another --out."
    assert read_card(tmp_path) == other
    enter(tmp_path, other)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "cannot be read: Expecting value"),
        ("{'a'", "cannot be read: Expecting property name"),
        ("[1]", "is not what 'ravine train' writes"),
        (json.dumps({"seed": 0}), "is not what 'ravine train' writes"),
    ],
)
def test_a_card_that_is_none_is_told(tmp_path, written, told):
    (tmp_path / CARD).write_text(written)
    assert told in sentence(lambda: read_card(tmp_path))
    assert told in sentence(lambda: enter(tmp_path, CLAIM))


def test_a_folder_without_a_run_is_told(tmp_path):
    assert sentence(lambda: read_card(tmp_path)).startswith(
        f"there is no run in {str(tmp_path)!r}: 'ravine train TASK "
    )
    (tmp_path / "file").write_text("")
    assert "cannot be read" in sentence(lambda: read_card(tmp_path / "file"))


@pytest.mark.parametrize("value", [3, -0.5, 1e300, "text", None, True, (1, "a", (2.5,)), {"a": 1}])
def test_arguments_are_read_back_as_they_were(value):
    again = read(arguments_text({"x": value, "y": 1}), {})
    assert again == {"x": value, "y": 1}
    assert type(again["x"]) is type(value)


@pytest.mark.parametrize("value", [nn.ReLU(), [1, 2], float("nan"), nn.ReLU])
def test_arguments_that_no_text_holds_are_refused(value):
    assert sentence(lambda: arguments_text({"x": value})).startswith("arguments: x=")


def test_data_are_told_apart_by_every_number_in_them():
    first = fingerprint(labels())
    assert fingerprint(labels()) == first
    changed = X.copy()
    changed[3, 2] += 1e-6
    others = [labels(train=(changed, LABELS)), labels(test=(changed[:20], LABELS[:20])), labels(test=None)]
    assert len({first, *map(fingerprint, others)}) == 4


def test_a_model_comes_back_with_its_weights(tmp_path):
    model = network()
    save(model.state_dict(), tmp_path / WEIGHTS)
    again = load_model(tmp_path, labels(), CLAIM)
    assert same(weights(again), weights(model))
    assert not again.training
    told = sentence(lambda: load_model(tmp_path, labels(lambda: nn.Linear(4, 3)), CLAIM))
    assert told.startswith(f"the weights in {str(tmp_path)!r} are of another model: Error(s) in loading state_dict")
    (tmp_path / WEIGHTS).unlink()
    told = sentence(lambda: load_model(tmp_path, labels(), CLAIM))
    assert told == f"the run in {str(tmp_path)!r} has not ended: the same 'ravine train' command goes on with it."

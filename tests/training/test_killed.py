"""A run that is killed at any moment and taken up again comes to the same, to the last bit."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ravine.training.folder import CARD, CHECKPOINT, LOCK, WEIGHTS


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    home = tmp_path_factory.mktemp("killed")
    program = [sys.executable, str(Path(__file__).with_name("killed.py")), str(home)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return home, {name: (whole, killed) for name, whole, killed in map(json.loads, ended.stdout.splitlines())}


@pytest.mark.parametrize(
    "name", ["early stopping", "noise", "gradient norm", "snapshots", "mean of the last", "dataset"]
)
def test_it_comes_to_the_same_to_the_last_bit(runs, name):
    home, found = runs
    whole, killed = found[name]
    if name == "dataset":
        note = killed["sentence"].removeprefix(whole["sentence"])
        assert note == "" or note.endswith("random numbers that its Dataset keeps began anew.")
        killed["sentence"] = whole["sentence"]
    assert killed == whole
    assert not whole["imported a compiler"]  # which would cost every process a second
    assert whole["outcome"] == ("stopped" if name in ("early stopping", "gradient norm") else "finished")


def test_nothing_unfinished_is_left_lying_about(runs):
    home, found = runs
    for name in found:
        assert {path.name for path in (home / name).iterdir()} == {CARD, CHECKPOINT, LOCK, WEIGHTS, "result"}

"""An ensemble that is killed at any moment and asked for again comes to the same, to the last bit."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ravine.ensemble import Ensemble, bag
from ravine.training.folder import CARD, CHECKPOINT, LOCK, WEIGHTS

from ..processes import descendants, gone
from .killed import RECIPE, labels, numbers, result


@pytest.fixture(scope="module")
def ensembles(tmp_path_factory):
    home = tmp_path_factory.mktemp("killed")
    program = [sys.executable, str(Path(__file__).with_name("killed.py")), str(home)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return home, {name: (whole, killed) for name, whole, killed in map(json.loads, ended.stdout.splitlines())}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["seeds", "bags", "reweighting", "filtering", "residuals"])
def test_it_comes_to_the_same_to_the_last_bit(ensembles, name):
    home, found = ensembles
    whole, killed = found[name]
    assert killed == whole
    again = Ensemble.load(home / name / "ensemble.pt", numbers if name == "residuals" else labels)
    assert len(again) == 3
    assert {path.name for path in (home / name / "member-2").iterdir()} == {CARD, CHECKPOINT, LOCK, WEIGHTS}


LONG = RECIPE.replace("epochs=3", "epochs=60")

PROGRAM = """
import json, sys
import cloudpickle
sys.path.insert(0, sys.argv[1])
import killed
from ravine.ensemble import bag
cloudpickle.register_pickle_by_value(killed)
options = {"engine": "plain", "checkpoint_seconds": 0.05}
together = bag(killed.labels, sys.argv[3], members=3, workers=2, out=sys.argv[2], **options)
print(json.dumps(killed.result(together)))
"""


@pytest.mark.slow
def test_side_by_side_it_comes_to_the_same_too(tmp_path):
    """The parent is killed while members are under way: workers end with it, and the next call goes on."""
    program = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(tmp_path), LONG]
    first = subprocess.Popen(program)
    while not list(tmp_path.glob(f"*/{CHECKPOINT}")):
        time.sleep(0.05)
    family = descendants(first.pid)
    first.kill()
    first.wait()
    assert gone(family, seconds=5)
    assert not (tmp_path / "ensemble.pt").exists()
    ended = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True)
    assert json.loads(ended.stdout) == result(bag(labels, LONG, members=3, workers=1, engine="plain"))
    assert not (tmp_path / "task.cloudpickle").exists()

"""Tasks by what was typed, in this process and in another; and the example that a user may start from."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ravine.data.find import find
from ravine.data.folds import folds, split_test
from ravine.data.metrics import METRICS
from ravine.data.model import build_model, check_model
from ravine.data.preprocessing import fitted
from ravine.data.scores import metric_of, proper_score
from ravine.errors import RavineError

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "dict_regression.py"
TASK = """
from dataclasses import dataclass

import numpy as np
from torch import nn

from near import SIZE
from ravine.data.task import Task


@dataclass
class Net(nn.Module):
    width: int = SIZE

    def __post_init__(self):
        super().__init__()
        self.layer = nn.Linear(2, self.width)

    __hash__ = nn.Module.__hash__

    def forward(self, x):
        return self.layer(x)


X = np.arange(20.0).reshape(10, 2)
task = Task(Net, (X, np.arange(10) % 2))
other = Task(Net, (X, np.arange(10) % 5))


def made():
    return Task(lambda: Net(5), (X, np.arange(10) % 5), name="own")
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "near.py").write_text("SIZE = 3\n")
    (tmp_path / "my_task.py").write_text(TASK)
    return tmp_path / "my_task.py"


@pytest.mark.parametrize(
    ("name", "width", "called"),
    [("", 3, "my_task"), (":task", 3, "my_task"), (":other", 3, "other"), (":made", 5, "own")],
)
def test_a_task_file_gives_its_tasks(file, name, width, called):
    task = find(f"{file}{name}")
    assert build_model(task, 0).width == width
    assert task.name == called
    again = find(task.source)
    assert again.training_data.fingerprint() == task.training_data.fingerprint()


def test_a_source_finds_the_task_from_another_folder_and_process(file, tmp_path, monkeypatch):
    monkeypatch.chdir(file.parent)
    task = find("my_task.py")
    (tmp_path / "elsewhere").mkdir()
    program = "import sys; from ravine.data.find import find; print(find(sys.argv[1]).training_data.fingerprint())"
    done = subprocess.run(
        [sys.executable, "-c", program, task.source],
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == task.training_data.fingerprint()


def test_a_data_file_is_found_with_and_without_its_column(tmp_path):
    (tmp_path / "my.csv").write_text("a,kind\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(10)))
    task = find(f"{tmp_path / 'my.csv'}:kind")
    assert task.training_data.coding.classes == ("x", "y")
    assert find(task.source).training_data.fingerprint() == task.training_data.fingerprint()
    with pytest.raises(RavineError, match=r"write my.csv:COLUMN, one of a, kind"):
        find(str(tmp_path / "my.csv"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wein", r"there is no task 'wein': name one of digits, wine, .*Did you mean 'wine'"),
        ("zzz", r"my_task.py, or openml:NAME\.$"),
        ("my_taks.py", r"there is no task file 'my_taks.py'. Did you mean 'my_task.py'"),
        ("my_task.py:takes", r"my_task.py has no task 'takes', only task, other"),
        ("my_task.py:X", r"X must be a Task, or a function that gives one"),
        ("my_task.py:SIZE", r"SIZE must be a Task, or a function that gives one, got 3"),
        ("my_task", r"Did you mean 'my_task.py'"),
        ("my.csvv", r"there is no task 'my.csvv'"),
        ("none.csv", r"there is no file 'none.csv'"),
    ],
)
@pytest.mark.usefixtures("file")
def test_what_is_not_found_is_told_with_what_is_near(text, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RavineError, match=says):
        find(text)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x = 1\ny = x / 0\n", r"^wrong.py, line 2: ZeroDivisionError: division by zero$"),
        ("x = 1\n\ndef f(:\n", r"^wrong.py, line 3: SyntaxError: .*"),
        ("import no_such_thing\n", r"^wrong.py, line 1: ModuleNotFoundError: No module named 'no_such_thing'$"),
        ("import json\n\njson.loads('{')\n", r"^wrong.py, line 3: JSONDecodeError: Expecting property name"),
        ("raise SystemExit(1)\n", r"^wrong.py, line 1: SystemExit: 1$"),
        ("assert False\n", r"^wrong.py, line 1: AssertionError: no reason given$"),
        (
            "from ravine.data.task import Task\nTask(model=3, train=None)\n",
            r"^wrong.py, line 2: Task\(model=...\) must be a function",
        ),
        ("x = 3\n", r"^wrong.py makes no task: let it say task = "),
        (
            "from ravine.data.task import Task\na, b = Task(print, 0), Task(print, 0)\n",
            r"^wrong.py has the tasks a, b: write wrong.py:a\.$",
        ),
    ],
)
def test_a_task_file_that_raises_is_told_in_one_line(code, says, tmp_path):
    (tmp_path / "wrong.py").write_text(code)
    with pytest.raises(RavineError, match=says) as caught:
        find(str(tmp_path / "wrong.py"))
    assert "\n" not in str(caught.value)


def test_a_function_of_a_task_file_that_raises_is_told_with_its_line(tmp_path):
    (tmp_path / "wrong.py").write_text("def task():\n    return [][1]\n")
    with pytest.raises(RavineError, match="^wrong.py, line 2: IndexError: list index out of range$"):
        find(str(tmp_path / "wrong.py:task"))


def test_the_example_learns_from_dicts_by_its_own_loss():
    task = find(str(EXAMPLE))
    train, test = split_test(task, 0)
    assert isinstance(train.batch(torch.arange(2)), dict)
    transform = fitted(task.preprocess, train)
    train, test = transform(train), transform(test)
    model = build_model(task, 0)
    check_model(task, model, train.batch(torch.arange(8)))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    torch.manual_seed(0)
    for _ in range(20):
        for batch in train.batches(torch.randperm(len(train)).split(32)):
            optimizer.zero_grad()
            task.compute(model, batch)[0].backward()
            optimizer.step()
    with torch.no_grad():
        outputs, targets = task.score(model.eval(), test.batch(torch.arange(len(test))))
    assert metric_of(task) is METRICS["r2"]
    assert metric_of(task).value(outputs, targets) > 0.25
    expected = np.log(np.cosh((outputs - targets).double().numpy()))
    np.testing.assert_allclose(proper_score(task).per_example(outputs, targets), expected, atol=1e-6)
    assert len(folds(task, train, 3)) == 3

"""Kernels are kept for processes to come, and are made anew in each where nothing can be kept."""

import os
import subprocess
import sys

import pytest

STEP = """
import sys, torch
from ravine.optim import Optimizer
from ravine.rules import {rules}
assert "numba" not in sys.modules
p = torch.ones(3, requires_grad=True)
p.grad = torch.ones(3)
optimizer = Optimizer([p], {rule}, engine="native")
assert "numba" not in sys.modules  # a process that never steps need not wait for it
optimizer.step()
run = next(module for name, module in sys.modules.items() if name.startswith("ravine_step_float32_")).run
print(run.cache_hits, p.tolist())
"""


def stepped(cache, rule="SGD(lr=0.5)", rules="SGD"):
    text = STEP.format(rule=rule, rules=rules)
    done = subprocess.run(
        [sys.executable, "-c", text],
        env={**os.environ, "RAVINE_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr


def test_a_second_process_compiles_nothing(tmp_path):
    assert stepped(tmp_path)[0] == "0 [0.5, 0.5, 0.5]"
    files = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    assert stepped(tmp_path)[0] == "1 [0.5, 0.5, 0.5]"
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file in files} == files


def test_a_file_that_somebody_changed_is_written_again(tmp_path):
    stepped(tmp_path)
    (file,) = (tmp_path / "kernels").glob("*.py")
    file.write_text(file.read_text().replace(" - ", " + "))
    assert stepped(tmp_path)[0].endswith("[0.5, 0.5, 0.5]")


def test_a_cache_that_cannot_be_written_is_told_of_once_and_done_without(tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file, where a folder is wanted")
    out, err = stepped(taken, "Clip(SGD(lr=0.5), norm=100.0)", "SGD, Clip")
    assert out.endswith("[0.5, 0.5, 0.5]")
    assert err.count(f"compiled kernels cannot be kept in {taken}/kernels (Not a directory)") == 1
    assert "set RAVINE_CACHE to a folder that can be written" in err


@pytest.mark.parametrize("name", ["RAVINE_CACHE"])
def test_the_folder_is_the_users_cache_or_what_is_set(name, monkeypatch, tmp_path):
    from ravine.engines.native.kernel import folder

    monkeypatch.setenv(name, str(tmp_path))
    assert folder() == tmp_path / "kernels"
    monkeypatch.delenv(name)
    assert folder().parts[-2:] == ("ravine", "kernels")

"""The battery lets right rules through by every engine, and finds each fault of wrong ones."""

import os
import subprocess
import sys

import pytest
import torch

from ravine.engines.native.kernel import _compiled
from ravine.optim.battery import Finding, battery
from ravine.recipe import NAMES, read_method
from ravine.rules import SAM, Adam, Clip, Muon, Nesterov, Rule, WeightNoise
from ravine.rules.rule import Number, field, zeros
from ravine.schedules import cosine

from .wrong import WRONG, Draws, SpoilsTheGradient

EVERY = ["dtypes", "resume", "recompilation", "fields", "p.grad", "text", "NaN"]


def found(rule, engine):
    return dict(battery(rule, {**NAMES, type(rule).__name__: type(rule)}, engine))


@pytest.mark.parametrize(
    "rule",
    [
        read_method("examples/my_rule.py:SignMomentum()"),
        Clip(Adam(lr=cosine(0.01)), norm=1.0),
        Nesterov(form="look-ahead"),
        SAM(WeightNoise(Adam(), std=0.1), adaptive=True),
    ],
    ids=repr,
)
def test_of_a_right_rule_all_holds(rule):
    findings = found(rule, "native")
    assert list(findings) == ["plain", "native", *EVERY]
    assert {about: finding.said for about, finding in findings.items() if finding.outcome != "held"} == {}
    far = [float(findings[engine].said.split()[0]) for engine in ("plain", "native")]
    assert 0 < far[1] < 2 * far[0] < 1e-4
    assert all("plain and native" in findings[about].said for about in ("resume", "p.grad", "NaN"))


@pytest.mark.parametrize(
    ("kind", "engine", "failing", "words"), WRONG, ids=lambda value: getattr(value, "__name__", "")
)
def test_of_a_wrong_rule_its_fault_is_found_and_nothing_else(kind, engine, failing, words, monkeypatch, tmp_path):
    if kind is Draws:
        monkeypatch.setenv("RAVINE_CACHE", str(tmp_path))  # its kernels are of no use to anybody
    findings = found(kind(), engine)
    assert tuple(about for about, finding in findings.items() if finding.outcome == "failed") == failing
    said = findings[failing[0]].said
    assert all(word in said for word in words), said
    assert "\n" not in said
    assert said.endswith(".")
    if failing == ("plain",):
        assert list(findings) == ["plain"]


def test_what_cannot_be_compiled_is_a_warning_and_plain_serves():
    findings = found(SpoilsTheGradient(), "auto")
    assert findings["native"].outcome == "warning"
    assert "(wrong.py, line 105)" in findings["native"].said
    assert findings["native"].said.endswith("Until then the plain engine serves.")
    assert findings["recompilation"].outcome == "not run"
    assert found(SpoilsTheGradient(), "native")["native"].outcome == "failed"  # somebody counts on it


def test_an_engine_that_does_not_run_here_says_why():
    if torch.cuda.is_available():
        return  # it does
    said = found(Adam(), "auto")["triton"]
    assert said == Finding("not run", "no GPU here; TRITON_INTERPRET=1 looks at it all the same")
    assert found(Adam(), "triton")["triton"] == Finding("failed", said.said)


@pytest.mark.slow
def test_a_gpu_s_kernels_are_looked_at_without_one_by_an_interpreter():
    program = """
from ravine.optim.battery import battery
from ravine.rules import Adam
for about, finding in battery(Adam(), {"Adam": Adam}, "triton"):
    print(about, finding.outcome, sep="=")
"""
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"{about}=held" for about in ("plain", "triton", *EVERY)]


def test_a_rule_for_matrices_is_looked_at_with_matrices():
    findings = found(Muon(), "native")
    assert findings["plain"].outcome == "warning"
    assert "Muon() moves matrices" in findings["plain"].said
    assert {findings[about].outcome for about in EVERY} == {"held", "not run"}


class Once(Rule):
    """Has a kernel of its own, which no other test has compiled."""

    lr: Number = field(0.1, "step length", at_least=0)
    state = {"m": zeros}  # noqa: RUF012

    def update(self, p, g, m):
        m = 0.8125 * m + g
        return p - self.lr * m, m


def test_one_kernel_is_compiled_per_dtype():
    before = _compiled.cache_info().misses
    assert found(Once(), "native")["recompilation"].outcome == "held"
    assert _compiled.cache_info().misses - before == 4


def test_each_question_is_announced_before_it_is_asked():
    said = []
    for about, _ in battery(Adam(), {"Adam": Adam}, "plain", beginning=said.append):
        assert said[-1] == about
    assert said == ["plain", *EVERY]


def test_a_fault_of_ravine_s_own_is_not_the_rule_s():
    with pytest.raises(TypeError):
        list(battery(Adam(), None, "plain"))  # pyright: ignore[reportArgumentType]

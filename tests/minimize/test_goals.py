"""What methods must reach beside SciPy's: as many problems solved, with at most 1.1 times the evaluations."""

import runpy
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        yield runpy.run_path(str(BENCHMARKS / "minimize.py"))


PAIRS = [
    ("BFGS", "SciPy BFGS"), ("LBFGS", "SciPy L-BFGS-B"), ("LBFGS(10)", "SciPy L-BFGS-B"), ("LBFGS(10)", "torch LBFGS"),
    ("NewtonCG", "SciPy Newton-CG"), ("LM", "SciPy lm"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_no_fewer_problems_and_no_more_evaluations(benchmark, ours, theirs):
    contestants = {name: benchmark["CONTESTANTS"][name] for name in (ours, theirs)}
    problems = {benchmark["named"](problem): problem for problem in benchmark["STATED"]}
    mine, other, a, b = benchmark["beside"](benchmark["table"](problems, contestants), ours, theirs)
    assert mine == len(problems)
    assert mine >= other
    assert a <= 1.1 * b

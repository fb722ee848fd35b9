"""What an import loads: a user of the optimizers pays for PyTorch and NumPy alone, `--help` not even for these."""

import subprocess
import sys

# What Ravine needs, by the names that are imported.
NEEDS = ["torch", "numpy", "scipy", "sklearn", "pandas", "pyarrow", "plotly", "jinja2", "latex2mathml"]
NEEDS += ["typer", "rich", "loky", "filelock", "platformdirs", "matplotlib", "PIL", "kornia"]


def loaded_by(statement: str) -> set[str]:
    """Which of Ravine's needs a fresh interpreter has loaded after a statement."""
    program = f"import sys; {statement}; print(*[name for name in {NEEDS!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True)
    return set(done.stdout.split())


def test_the_package_itself_loads_nothing():
    assert loaded_by("import ravine") == set()


def test_the_error_loads_nothing():
    assert loaded_by("import ravine.errors") == set()


def test_the_optimizers_load_what_pytorch_loads():
    assert loaded_by("import ravine.optim") == loaded_by("import torch, numpy")


def test_the_command_line_loads_no_pytorch():
    assert loaded_by("import ravine.cli") <= {"typer", "rich"}

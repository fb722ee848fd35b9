"""How large the code is, and where it is largest: less of it is the goal, so its size is printed at every test run.

A line is counted once: as docstring, as code, or as comment and blank. A function's lines are without its docstring.
"""

import ast
import io
import statistics
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
LONG_FILE, LONG_FUNCTION = 220, 45
SHOWN = 5


class Function(NamedTuple):
    """One function, method or inner function, and how long it is without its docstring."""

    lines: int
    place: str


class File(NamedTuple):
    """One file's lines by kind, and its functions."""

    path: Path
    total: int
    code: int
    docstring: int
    functions: list[Function]

    @property
    def package(self) -> str:
        """Where the file is counted: a package of the source, or the folder beside it."""
        parts = self.path.parts
        return "/".join(parts[1:-1]) if parts[0] == "src" else parts[0]


def docstring_lines(node: ast.AST) -> set[int]:
    """The numbers of the lines that the docstring of a module, class or function stands on; none where it has none."""
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    if ast.get_docstring(node, clean=False) is None:
        return set()
    first = node.body[0]
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


def code_lines(text: str) -> set[int]:
    """The numbers of the lines that carry anything but a comment or a blank."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    spoken = (token for token in tokens if token.type not in SILENT)
    return {line for token in spoken for line in range(token.start[0], token.end[0] + 1)}


def functions_in(tree: ast.Module, path: Path) -> Iterator[Function]:
    """Every function of a file with its length."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - len(docstring_lines(node))
            yield Function(length, f"{path}:{node.lineno} {node.name}")


def measure(path: Path) -> File:
    """Counts one file."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    docstrings = set().union(*(docstring_lines(node) for node in ast.walk(tree)))
    code = code_lines(text) - docstrings
    short = path.relative_to(ROOT)
    return File(short, len(text.splitlines()), len(code), len(docstrings), list(functions_in(tree, short)))


def spread(lengths: Iterable[int]) -> str:
    """The median and the length that nine in ten stay under."""
    known = sorted(lengths) or [0]
    return f"median {statistics.median(known):.0f}, nine in ten up to {known[int(0.9 * (len(known) - 1))]}"


def print_packages(files: list[File]) -> None:
    """One line for each package, and the tests beside the source."""
    code, docstring, total = Counter[str](), Counter[str](), Counter[str]()
    for file in files:
        code[file.package] += file.code
        docstring[file.package] += file.docstring
        total[file.package] += file.total
    print(f"{'':<20}{'files':>7}{'code':>7}{'docstr':>8}{'other':>7}")
    for package in sorted(total):
        count = sum(file.package == package for file in files)
        other = total[package] - code[package] - docstring[package]
        print(f"{package:<20}{count:>7}{code[package]:>7}{docstring[package]:>8}{other:>7}")
    source = sum(file.code for file in files if file.path.parts[0] == "src")
    print(f"source {source} lines of code, tests {code['tests']}: {code['tests'] / max(source, 1):.2f} to one")


def print_largest(title: str, rows: list[tuple[int, str]], limit: int) -> None:
    """The longest few, and how many are beyond what is meant."""
    beyond = sum(lines > limit for lines, _ in rows)
    print(f"{title}: {spread(lines for lines, _ in rows)}; over {limit}: {beyond}; the longest:")
    for lines, place in sorted(rows, reverse=True)[:SHOWN]:
        print(f"{lines:>7}  {place}")


def main() -> None:
    """Prints the report for the whole repository."""
    folders = ("src", "tests", "benchmarks", "tools")
    files = [measure(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    source = [file for file in files if file.path.parts[0] == "src"]
    print_packages(files)
    print_largest("source files", [(file.total, str(file.path)) for file in source], LONG_FILE)
    print_largest("source functions", [function for file in source for function in file.functions], LONG_FUNCTION)


if __name__ == "__main__":
    main()

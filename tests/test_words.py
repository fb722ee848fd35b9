"""One word for one thing, whole words, American spelling, and nothing that only one machine knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "benchmarks", "tools", "docs", ".ci")
SUFFIXES = {".py", ".md", ".toml", ".txt", ".yaml", ".html", ".css", ".js", ".json", ""}

# What is spelled otherwise in America, as whole words, and what to write instead.
BRITISH = {
    r"(re|un|de|pre|over|under)?(optim|minim|maxim|general|regular|normal|initial|visual|summar|organ|random|standard"
    r"|penal|recogn|real|serial|synchron|parallel|character|emphas|special|util|final|local|factor|vector|discret"
    r"|symbol|stabil|colou?r)is(e|ed|es|er|ing|ation)": "-ize",
    r"analyse[dr]?|analysing": "analyze",
    r"(colour|behaviour|favour|neighbour|honour)[a-z]*": "-or",
    r"(centre|metre)s?|centred": "-er",
    r"grey[a-z]*": "gray",
    r"(label|model|travel|signal)l(ed|er|ing)": "one l",
    r"catalogues?|defence|licence|artefacts?|judgement|programmes?|whilst|amongst|fulfil|ageing|learnt": "it shorter",
}

# A reader elsewhere has no such place: paths of one machine, and addresses of package registries.
PLACES = {
    r"(?<![\w.:/])/(work|root|home|opt|Users|mnt)/": "a path from the repository's root",
    r"//(files|registry|deb|download|index|mirror|pypi)\w*\.": "the package's name",
    r"(extra-)?index-url|find-links": "nothing, since pip's own settings decide",
}

# Words inside names, cut at underscores and capitals. `params` is PyTorch's, whose face the optimizers wear.
SYNONYMS = {
    **dict.fromkeys(["scheduler", "schedulers"], "schedule"),
    **dict.fromkeys(["backend", "backends"], "engine"),
    **dict.fromkeys(["config", "configs", "configuration", "cfg"], "recipe"),
    **dict.fromkeys(["experiment", "experiments", "sweep"], "study"),
    **dict.fromkeys(["trial", "trials"], "run"),
    **dict.fromkeys(["hyperparam", "hyperparams", "hparams"], "field"),
    **dict.fromkeys(["iters", "iterations"], "steps"),
    **dict.fromkeys(["manager", "trainer", "helper", "helpers", "util", "utils", "misc"], "what it does"),
    **dict.fromkeys(["idx", "ctx", "num", "func", "attr", "val"], "the whole word"),
}
PHRASES = {
    "learning_rate": "lr",
    **dict.fromkeys(["n_epochs", "max_epochs"], "epochs"),
    **dict.fromkeys(["n_steps", "max_steps"], "steps"),
    **dict.fromkeys(["batchsize", "minibatch_size"], "batch_size"),
}
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}


def is_ours(path: Path) -> bool:
    """Whether a file is written by hand and read by people; this one, a list of wrong words, aside."""
    made = any(part == "__pycache__" or part.endswith(".egg-info") for part in path.parts)
    return path.is_file() and path.suffix in SUFFIXES and not made and path != Path(__file__).resolve()


FOUND = [*ROOT.glob("*"), *ROOT.glob(".pre-commit*"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*"))]
FILES = sorted(filter(is_ours, FOUND))
SOURCES = [path for path in FILES if path.suffix == ".py" and path.is_relative_to(ROOT / "src")]


def spelled(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, word and remedy for every word that is not American."""
    for pattern, right in BRITISH.items():
        for match in re.finditer(rf"(?<![A-Za-z])({pattern})(?![A-Za-z])", text, re.IGNORECASE):
            yield text.count("\n", 0, match.start()) + 1, match[0], right


def placed(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, place and remedy for every place that readers elsewhere do not have."""
    for pattern, right in PLACES.items():
        for match in re.finditer(pattern, text):
            yield text.count("\n", 0, match.start()) + 1, match[0], right


def named(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, name and remedy for every name that a source chooses itself against the glossary."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                pass
            case _:
                continue
        if right := glossary_word(name):
            yield node.lineno, name, right


def glossary_word(name: str) -> str:
    """What to say instead of a name that has a second word for a known thing in it; empty where it has none."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower().strip("_").split("_")
    phrases = [right for wrong, right in PHRASES.items() if f"_{wrong}_" in f"_{'_'.join(parts)}_"]
    return ", ".join(phrases or [SYNONYMS[part] for part in parts if part in SYNONYMS])


@pytest.mark.parametrize(("find", "paths"), [(spelled, FILES), (placed, FILES), (named, SOURCES)])
def test_every_file_says_it_in_our_words(find, paths: list[Path]):
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: '{word}': write {right}"
        for path in paths
        for line, word, right in find(path.read_text(encoding="utf-8"))
    ]
    assert "\n".join(wrong) == ""


def test_modules_are_named_after_what_they_hold():
    assert [path for path in FILES if {path.stem, *path.relative_to(ROOT).parts} & SAYS_NOTHING] == []


@pytest.mark.parametrize(
    ("find", "text", "words"),
    [
        (spelled, "an optimised colour, Behaviour", ["optimised", "colour", "Behaviour"]),
        (spelled, "centred_at the centre", ["centred", "centre"]),
        (spelled, "def un_normalised(labelled):", ["normalised", "labelled"]),
        (spelled, "optimistic analyses, promised by a generalist's centered behavior; a diameter", []),
        (placed, "open('/root/data.csv')", ["/root/"]),
        (placed, "see tests/home/a.py and https://arxiv.org/home/x", []),
        (named, "class LRScheduler: ...", ["LRScheduler"]),
        (named, "def fit(initial_learning_rate, n_epochs): num_workers = 2", [
            "initial_learning_rate", "n_epochs", "num_workers",
        ]),
        (named, "def fit(schedule, parameters, numbers): y = trainer.fit(max_epochs=3)", []),
    ],
)  # fmt: skip
def test_the_search_finds_what_it_should(find, text: str, words: list[str]):
    assert sorted(word for _, word, _ in find(text)) == sorted(words)

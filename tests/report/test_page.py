"""The page as text: complete, harmless, and readable without a picture."""

import base64
import hashlib
import re

import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from ravine.data.ledger import Read
from ravine.report import html, write

from .cases import EIGHT, HOSTILE, YOURS, Size
from .reading import parsed
from .study import MadeUp

NAME = HOSTILE.name
STUDY = MadeUp((*EIGHT, YOURS, HOSTILE))


class Hostile(MadeUp):
    """A study in which a user chose every text to do harm."""

    harm = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"

    def __init__(self) -> None:
        super().__init__((HOSTILE, EIGHT[0]))
        self.name = self.task_name = self.metric_name = self.proper_name = self.harm

    @property
    def searched(self):
        return {NAME: [("lr", self.harm, "log", 1e-3, 10.0)], "sgd": []}

    @property
    def roles(self):
        return {
            "scientific": {self.harm: {NAME: self.harm, "sgd": "SGD()"}},
            "nuisance": {NAME: {self.harm: self.harm}, "sgd": {}},
            "fixed": {self.harm: self.harm},
        }

    def sentences(self):
        return [self.harm] * 3

    warnings = protocol = halving = sentences

    def ledger(self):
        return [Read(self.harm, self.harm, 1)]

    def versions(self):
        return {self.harm: self.harm}

    def hardware(self):
        return self.harm

    def equations(self):
        return {NAME: f"<math><mi>{self.harm}</mi></math>"}

    def train_this_way(self):
        return dict.fromkeys(["ravine", "pytorch", "command"], self.harm)


@pytest.fixture(scope="module")
def page():
    return html(STUDY)


@pytest.fixture(scope="module")
def hostile():
    return html(Hostile())


def test_nothing_a_user_typed_becomes_an_element(hostile):
    read = parsed(hostile)
    assert [tag["src"][:22] for tag in read.all("img")] == ["data:image/png;base64,"] * 2
    assert [tag.get("type") for tag in read.all("script")] == ["application/json", "application/json", None, None]
    assert not any(name.startswith("on") for _, attributes in read.tags for name in attributes)
    assert read.text().count(Hostile.harm) >= 10


def test_names_stand_on_the_page_as_they_were_typed(page):
    assert NAME not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 10
    assert parsed(page).text().count(NAME) > 10


def test_the_page_needs_nothing_else(page):
    for tag, attributes in parsed(page).tags:
        for name in ("src", "href", "srcset", "data", "action"):
            value = attributes.get(name)
            inside = value is None or value.startswith("#") or (tag, value) == ("link", "data:,")
            assert inside or (tag == "img" and value.startswith("data:image/png;base64,"))
    assert "@import" not in page
    assert not re.search(r"url\(", page.split("</style>")[0])
    assert page.count(get_plotlyjs()) == 1
    assert len(page) < 6e6


def test_only_our_scripts_may_run(page):
    (policy,) = [tag["content"] for tag in parsed(page).all("meta") if tag.get("http-equiv")]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert policy is not None
    assert re.findall(r"'sha256-(.+?)'", policy) == hashes
    assert len(hashes) == 2
    assert policy.startswith("default-src 'none';")


def test_the_verdict_stands_on_top(page):
    words = parsed(page).text()
    first, second, caveat = (words.index(sentence) for sentence in STUDY.sentences())
    assert first < second < caveat < words.index("settings of each, at most")


@pytest.mark.parametrize("finished", [True, False])
def test_an_unfinished_study_is_marked_as_such(finished):
    words = parsed(html(MadeUp(EIGHT[:2], Size(finished=finished)))).text()
    assert ("This study is not finished" in words) != finished


def test_everything_a_study_tells_is_told(page):
    words = parsed(page).text()
    told = [*STUDY.sentences(), *STUDY.warnings(), *STUDY.protocol(), *STUDY.halving(), STUDY.hardware()]
    told += [f"{name} {version}" for name, version in STUDY.versions().items()]
    told += [row.recipe for row in STUDY.summary().itertuples()]
    told += [entry.time[:10] for entry in STUDY.ledger()]
    told += [text for fields in STUDY.searched.values() for _, text, *_ in fields]
    for text in told:
        assert text in words
    for code in STUDY.train_this_way().values():
        assert "".join(code.split()) in "".join(words.split())


class OftenRead(MadeUp):
    """A study on test data that were looked at by many others before."""

    def ledger(self):
        return [Read(f"2026-01-{day:02}T10:00", f"study {day}", 2) for day in range(1, 31)]


def test_many_reads_of_the_test_set_are_told_the_last_first_at_hand():
    words = parsed(html(OftenRead(EIGHT[:2]))).text()
    assert "60 runs were scored on it in all, in 30 reads; these are the last ten." in words
    assert words.index("study 21") < words.index("study 30") < words.index("The 20 before") < words.index("study 20")


def test_tables_have_headers_and_controls_have_names(page):
    read = parsed(page)
    assert all(tag.get("scope") for tag in read.all("th"))
    assert all(tag.get("aria-label") for tag in read.all("div") if tag.get("role") == "img")
    assert all(tag.get("aria-label") for tag in read.all("svg") if tag.get("role") == "img")
    identities = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(identities) == len(set(identities))
    for _, attributes in read.tags:
        for name in ("aria-controls", "aria-labelledby"):
            assert attributes.get(name) is None or attributes[name] in identities
    targets = [tag["href"] for tag in read.all("a") if tag.get("href")]
    assert {target.removeprefix("#") for target in targets if target} <= set(identities)
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_the_role_of_every_part_is_told(page):
    words = parsed(page).text()
    told = words[words.index("What differs, what was tuned for each") : words.index("Reads of the test set")]
    assert "sgd rule Sgd(lr=...) lr log(0.001, 1)" in told
    assert "yours rule Yours(lr=...) nothing: as given" in told
    assert "the same for all batch_size 64 epochs 15" in told
    assert "Ranges searched" not in words


def test_images_are_shown_as_each_method_sees_them(page):
    shown = parsed(page).all("img")
    assert [tag["alt"] for tag in shown] == [
        "8 training images as they are",
        *(f"8 training images as {name} sees them: flip({name})" for name in ("nesterov", "momentum")),
    ]
    assert shown[0]["src"] != shown[1]["src"] == shown[2]["src"]


class Older(MadeUp):
    """A study that was made before roles were told apart."""

    @property
    def roles(self):
        return {}


def test_a_study_without_roles_has_its_ranges():
    words = parsed(html(Older(EIGHT[:2]))).text()
    assert "Ranges searched Method Field Range sgd lr log(0.001, 1) momentum lr log(0.0001, 1)" in words
    assert "What differs" not in words


class Empty(MadeUp):
    """A study that was stopped before its first run had ended."""

    def table(self):
        return pd.DataFrame([])

    curves = summary = table

    def schedules(self):
        return {}

    train_this_way = schedules

    def warnings(self):
        return []

    ledger = halving = warnings

    def sentences(self):
        return ["No run has ended yet."]


@pytest.mark.parametrize(
    "study",
    [
        Empty(size=Size(finished=False)),
        MadeUp((YOURS,), Size(folds=1, seeds=1, settings=1)),
        MadeUp((HOSTILE._replace(limit=0.0),), Size(finished=False)),
        MadeUp(EIGHT[:2], Size(metric="r2", proper="squared_error")),
        MadeUp(EIGHT[:2], Size(metric="rmse", proper="squared_error", higher=False)),
    ],
    ids=["nothing yet", "one of everything", "all diverged", "R2", "lower is better"],
)
def test_studies_of_every_kind_have_a_page(study):
    words = parsed(html(study)).text()
    assert study.sentences()[0] in words
    assert "nan" not in words.lower().split()
    assert "None" not in words.split()


def test_a_report_replaces_the_one_before_in_one_step(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    assert write(MadeUp(EIGHT[:1]), path) == path
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]

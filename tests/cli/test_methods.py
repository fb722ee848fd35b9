import re

import pytest

from ravine.cli.main import main
from ravine.cli.methods import PARTS_OF_A_RECIPE
from ravine.part import meanings
from ravine.rules import RULES, Adam, Wrapper
from ravine.schedules import SCHEDULES


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")


PARTS = RULES | SCHEDULES | {name: part for parts in PARTS_OF_A_RECIPE.values() for name, part in parts.items()}


def printed(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["methods", *words])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_every_part_is_listed_with_what_it_does(capsys):
    lines = printed(capsys).splitlines()
    for name in PARTS:
        (line,) = [line for line in lines if line.startswith(f"{name} ")]
        assert len(line.split()) >= 3


@pytest.mark.parametrize("name", PARTS)
def test_each_in_full_has_every_field_with_its_default(name, capsys):
    part = PARTS[name]
    text = printed(capsys, name)
    assert text.startswith(f"{name}: ")
    for field, known in meanings(part).items():
        rows = [line for line in text.splitlines() if line.split()[:1] == [field]]
        assert rows, field
        default = getattr(part, field, None)
        assert default is None or str(default) in rows[0]
        assert known.text.split()[0] in text


def test_a_name_that_means_two_things_finds_both(capsys):
    text = printed(capsys, "label smoothing")
    assert "\nmixup " in text
    assert "\nlabel_smoothing " in text
    assert "\ncrop " not in text


def test_a_rule_shows_its_ranges_and_its_equations(capsys):
    text = printed(capsys, "adam")
    assert f"{meanings(Adam)['lr'].search!r} by default" in text
    assert r"m \leftarrow \beta_1 m + (1 - \beta_1) g" in text


def test_a_wrapper_shows_each_of_the_ways_in_which_it_can_be_made(capsys):
    text = printed(capsys, "clip")
    assert "Clip(SGD(), value=" in text
    assert "Clip(SGD(), norm=" in text
    assert text.count("p \\leftarrow") == 2


def test_a_split_shows_both_rules_and_no_page_shows_its_lines_of_numpy(capsys):
    text = printed(capsys, "split")
    assert "Split(Muon(), AdamW())" in text
    assert r"\text{for hidden matrices, } \operatorname{Muon}:" in text
    assert r"\text{for all others, } \operatorname{AdamW}:" in text
    assert all("NumPy" not in printed(capsys, name) for name in RULES)


RULE = """
from ravine.rules.rule import Number, Rule, field, log


class Half(Rule):
    '''Half a step.'''

    lr: Number = field(0.1, "step length", at_least=0, search=log(0.01, 1.0), searched=True)

    def update(self, p, g):
        return p - self.lr / 2 * g
"""


def test_a_rule_of_ones_own_is_shown_like_any_other(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(RULE)
    text = printed(capsys, f"{tmp_path}/mine.py:Half")
    assert text.startswith(f"{tmp_path}/mine.py:Half: Half a step.")
    assert "log(0.01, 1.0) by default" in text
    assert r"p \leftarrow p - \frac{\alpha}{2} g" in text


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("friction", {"Momentum", "Nesterov"}),
        ("alpha", {"RMSprop"}),
        ("gamma", {"exponential", "step", "multistep"}),
        ("decay rate", {"exponential", "inverse_time"}),
        ("decay_rate", {"exponential", "inverse_time"}),
        ("rho", {"Adadelta", "Momentum"}),
        ("lr", {"SGD", "Adam"}),
        ("look-ahead", {"Nesterov"}),
        ("ns_steps", {"Muon"}),
        ("max_norm", {"Clip"}),
        ("trust coefficient", {"LARS"}),
        ("schedule decay", {"NAdam"}),
    ],
)
def test_what_others_call_it_finds_it(word, found, capsys):
    text = printed(capsys, word)
    first = {line.split()[0].rstrip(":") for line in text.splitlines() if line.split()}
    assert found <= first


def test_the_tree_hangs_each_rule_under_one_it_grew_out_of(capsys):
    text = printed(capsys, "--tree")
    lines = text.splitlines()
    assert lines[0] == "gradient descent"
    depths, above = {}, []
    for line in lines[1:]:
        match = re.match(r"^([│├└─\s]*)(\w+)(?: \(and ([\w, ]+)\))?:", line)
        if match is None:
            continue  # the sentence goes on
        depth = len(match[1]) // 4
        above[depth - 1 :] = [match[2]]
        depths[match[2]] = depth
        parents = set(RULES[match[2]].parents)
        if parents:
            assert above[depth - 2] in parents
            assert parents == {above[depth - 2], *(match[3].split(", ") if match[3] else ())}
        else:
            assert depth == 1
    assert set(depths) == set(RULES)
    assert depths["AdamW"] > depths["Adam"]
    assert all(depths[name] == 1 for name, rule in RULES.items() if issubclass(rule, Wrapper))

"""The page on penalties: its Python prints what it says, to the last digit shown, and closed forms say the same."""

import math
import re

from .pages import blocks


def test_its_programs_print_what_it_says(capsys):
    names: dict = {}
    shown = []
    for block in blocks("penalties.md"):
        exec(compile(block.code, "penalties.md", "exec"), names)  # noqa: S102 - it is the page's own
        assert capsys.readouterr().out == block.shown
        shown += [float(number) for number in re.findall(r"\d+\.\d+", block.shown)]
    both, penalized, decayed = math.exp(-0.001 * 1000), math.exp(-0.001 * 1000 / 10), math.exp(-0.001 * 1000 * 10)
    expected = [both, both, both, both, penalized, decayed, both, both, 1 / 1.5, 1 / 1.05]
    assert len(shown) == 12
    assert max(abs(a - b) for a, b in zip(shown, expected, strict=False)) < 0.06  # the first gradient jumps once more
    assert shown[10] > 0
    assert shown[11] == 0

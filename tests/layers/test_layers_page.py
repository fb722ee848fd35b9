"""The page on layers prints what it says, and its picture shows what the filters do."""

import runpy
from pathlib import Path

import numpy as np
import torch
from matplotlib.image import imread
from scipy.ndimage import correlate

from ..docs.pages import DOCS, blocks, numberless

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "filtering.py"


def test_its_programs_print_what_it_says(capsys):
    names: dict = {}
    programs = [block for block in blocks("layers.md") if block.language == "python"]
    assert [bool(block.shown) for block in programs] == [True, True, True]
    for block in programs:
        exec(compile(block.code, "layers.md", "exec"), names)  # noqa: S102 - it is the page's own
        printed = capsys.readouterr().out
        if "monte_carlo" in block.code:  # a sample of what is random: tests of its own hold its mean
            assert numberless(printed.replace("-0", "0")) == numberless(block.shown.replace("-0", "0"))
        else:
            assert printed == block.shown


def test_the_filters_do_what_they_are_called():
    example = runpy.run_path(str(EXAMPLE))
    digit = example["digit"]()
    made = example["filtered"](digit)
    for name, (numbers, divisor) in example["KERNELS"].items():
        expected = correlate(digit.double().numpy(), np.array(numbers) / divisor, mode="constant")
        np.testing.assert_allclose(made[name].numpy(), expected, atol=1e-6)
    assert torch.equal(made["Amplify"], 1.5 * digit)
    assert torch.equal(made["Attenuate"], 0.5 * digit)
    assert made["Blur"].diff(dim=0).abs().mean() < digit.diff(dim=0).abs().mean() / 1.5


def test_filters_of_edges_answer_at_edges_alone():
    paper_above_ink = torch.cat([torch.zeros(4, 8), torch.ones(4, 8)])
    edges = runpy.run_path(str(EXAMPLE))["filtered"](paper_above_ink)
    inside = {name: edges[name][1:-1, 3].tolist() for name in ("All edges", "Upper edges")}
    assert inside == {"All edges": [0, 0, -0.375, 0.375, 0, 0], "Upper edges": [0, 0, 1, 1, 0, 0]}


def test_the_picture_on_the_page_is_the_one_that_the_example_draws(tmp_path):
    example = runpy.run_path(str(EXAMPLE))
    example["draw"](str(tmp_path / "filtering.png"), example["digit"]())
    drawn, shown = imread(tmp_path / "filtering.png"), imread(DOCS / "filtering.png")
    assert drawn.shape == shown.shape
    assert np.abs(drawn - shown).mean() < 0.005  # letters may be drawn a little otherwise elsewhere

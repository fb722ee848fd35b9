"""`ravine watch` as it is typed: what it prints, what it writes, and the one line for every mistake."""

import inspect
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

import ravine
from ravine.cli import main
from ravine.cli.main import watch as command


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder.png").mkdir()
    return tmp_path


def run(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["watch", *words])
    out, err = capsys.readouterr()
    assert ended.value.code == 0, err
    return out.splitlines()


def refused(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["watch", *words])
    out, err = capsys.readouterr()
    assert ended.value.code == 2
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_table_says_how_each_method_ended(here, capsys):
    lines = run(
        ["ravine", "--methods", "SGD(lr=0.01),SGD(lr=0.1),adam,newton", "--steps", "40", "--out", "x.png"], capsys
    )
    assert lines[0].startswith(
        "Ravine: 40 gradient evaluations each; lr tuned for each method by 57 settings from 5 starts."
    )
    assert lines[1].split() == ["method", "lr", "value", "distance", "evaluations", "outcome"]
    rows = {line.split()[0]: line for line in lines[2:6]}
    assert list(rows) == ["SGD(lr=0.01)", "SGD(lr=0.1)", "adam", "newton"]
    found = ravine.watch("ravine", "SGD(lr=0.01)", steps=40).courses[0]
    assert rows["SGD(lr=0.01)"].split()[1:6] == [
        "0.01", "given", f"{found.values[-1]:.3g}", f"{found.distance:.3g}", "40",
    ]  # fmt: skip
    assert "diverged: far outside after" in rows["SGD(lr=0.1)"]
    assert rows["adam"].split()[2] == "tuned"
    assert rows["newton"].split()[1:5] == ["–", "0", "0", "6"]
    assert lines[6] == "Picture: x.png"
    with Image.open(here / "x.png") as still:
        assert still.size == (2560, 1440)


def test_a_saddle_is_told_in_the_table_and_on_the_page(here, capsys):
    words = ["branin", "--methods", "Newton(safeguard=None)", "--start", "0,10", "--steps", "20", "--out", "x.html"]
    said = "stopped on a saddle after 6 evaluations, at 0, 6."
    assert said in run(words, capsys)[2]
    page = (here / "x.html").read_text()
    assert said in page
    assert '"ended":"on a saddle"' in page


def test_an_lr_that_follows_a_schedule_is_called_so(here, capsys):
    lines = run(["ravine", "--methods", "SGD(lr=cosine(0.01)),newton", "--steps", "9", "--out", "x.html"], capsys)
    assert [line.split()[1] for line in lines[2:4]] == ["scheduled", "–"]
    assert '<td class="n">scheduled</td>' in (here / "x.html").read_text()


def test_without_a_file_the_page_is_named_after_the_surface(here, capsys):
    assert run(["--methods", "newton", "--steps", "10"], capsys)[-1] == "Picture: ravine.html"
    assert "<title>Ravine · Ravine</title>" in (here / "ravine.html").read_text()


def test_a_start_may_be_negative_and_is_where_all_begin(here, capsys):
    run(["rosenbrock", "--start", "-1.5,-0.5", "--methods", "newton", "--steps", "8", "--out", "x.html"], capsys)
    assert '"start":[-1.5,-0.5]' in (here / "x.html").read_text()


@pytest.mark.parametrize("ending", ["png", "html"])
def test_all_may_begin_at_the_minimum(here, capsys, ending):
    run(["ravine", "--methods", "sgd,newton", "--start", "0,0", "--steps", "5", "--out", f"x.{ending}"], capsys)
    run(["ravine", "--methods", "SGD(lr=0.01)", "--start", "0,0", "--noise", "1", "--out", f"y.{ending}"], capsys)
    assert (here / f"y.{ending}").stat().st_size > 10_000


def test_the_same_lr_says_that_it_is_unfair(here, capsys):
    del here
    lines = run(["ravine", "--methods", "sgd,adam", "--lr", "0.01", "--steps", "9", "--out", "x.png"], capsys)
    assert "the same lr 0.01 for all, which is unfair" in lines[0]
    assert all("0.01 for all" in line for line in lines[2:4])


def test_a_terminal_of_few_letters_gets_few_letters(here):
    del here
    words = [
        sys.executable,
        "-m",
        "ravine",
        "watch",
        "styblinski_tang",
        "--methods",
        "newton",
        "--steps",
        "9",
        "--out",
        "x.png",
    ]
    done = subprocess.run(
        words, capture_output=True, check=True, env={"PYTHONIOENCODING": "ascii", "MPLCONFIGDIR": "."}
    )
    assert "newton  - " in done.stdout.decode("ascii")


MISTAKES = [
    ("rosenbruck", "'rosenbruck'", "Did you mean 'rosenbrock'?"),
    ("ravine(kapa=3)", "'kapa'", "Did you mean 'kappa'?"),
    ("ravine(kappa=0)", "kappa must be in [1, 1e+15], got 0"),
    ("rastrigin(n=3)", "3 coordinates"),
    ("ravine --methods admm", "'admm'", "Did you mean 'adam'?"),
    ("ravine --methods bfsg", "Did you mean 'bfgs'?"),
    ("ravine --methods adam,adam", "'adam' is named twice"),
    ("ravine --methods Adam(lr=-1)", "at least 0, got -1"),
    ("ravine --methods nope.py:Rule", "no file 'nope.py'"),
    ("ravine --start 1", "start 1", "2 coordinates, got 1"),
    ("ravine --start 1,2,3", "2 coordinates, got 3"),
    ("ravine --start 9,0", "x must lie in the box of ravine, [-1.5, 1.5], got 9"),
    ("ravine --start 0,nan", "y must be a finite number"),
    ("ravine --start inf,0", "x must be a finite number"),
    ("ravine --start here", "--start 'here'", "such as -1.2,1"),
    ("ravine --steps 0", "--steps 0", "from 1 to 20000"),
    ("ravine --steps 1000000", "--steps 1000000", "from 1 to 20000"),
    ("ravine --steps many", "--steps 'many'", "whole number"),
    ("ravine --lr fast", "--lr 'fast'", "tuned, same, or a number"),
    ("ravine --lr 0", "--lr 0", "above 0"),
    ("ravine --lr nan", "--lr nan"),
    ("ravine --noise -1", "--noise -1", "at least 0"),
    ("ravine --noise loud", "--noise 'loud'"),
    ("ravine --seed -1", "--seed -1"),
    ("ravine --out x.jpg", "--out 'x.jpg'", ".html, .gif, .mp4 or .png"),
    ("ravine --out x", "--out 'x'", ".html, .gif, .mp4 or .png"),
    ("ravine --out x.gfi", "Did you mean '.gif'?"),
    ("ravine --out no/where.gif", "--out 'no/where.gif'", "no folder 'no'"),
    ("ravine --out folder.png", "'folder.png'", "that is a folder"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake[0] for mistake in MISTAKES])
def test_a_mistake_is_one_line(here, capsys, mistake):
    line = refused(mistake[0].split(), capsys)
    assert all(word in line for word in mistake[1:]), line
    assert sorted(path.name for path in here.iterdir()) == ["file", "folder.png"]


def test_without_ffmpeg_an_mp4_is_refused_before_anything_is_worked_out(here, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(here))
    begun = time.monotonic()
    line = refused(["rosenbrock", "--steps", "20000", "--out", "x.mp4"], capsys)
    assert "ffmpeg" in line
    assert "apt-get install ffmpeg" in line
    assert ".gif" in line
    assert time.monotonic() - begun < 2


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg is installed (Debian: apt-get install ffmpeg)")
def test_an_ffmpeg_that_fails_is_told_in_one_line(here, monkeypatch, capsys):
    false = here / "bin"
    false.mkdir()
    (false / "ffmpeg").write_text("#!/bin/sh\ncat >/dev/null\necho 'Unknown encoder' >&2\nexit 1\n")
    (false / "ffmpeg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{false}:/usr/bin:/bin")
    with pytest.raises(SystemExit) as ended:
        main(["watch", "ravine", "--methods", "newton", "--steps", "3", "--out", "x.mp4"])
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert "could not write the MP4" in err
    assert "Unknown encoder" in err
    assert not list(here.glob("*x.mp4"))


def test_the_command_has_the_words_and_the_defaults_of_its_function():
    mine, typed = inspect.signature(ravine.watch.watch).parameters, inspect.signature(command).parameters
    for name, parameter in mine.items():
        assert name == "progress" or typed[name].default == parameter.default
    assert set(typed) - set(mine) == {"context", "out", "gallery", "playground"}


@pytest.mark.slow
def test_the_whole_story_is_one_page_in_a_folder(here, capsys):
    assert run(["--gallery", "story"], capsys) == ["Gallery: story/index.html"]
    assert [path.name for path in (here / "story").iterdir()] == ["index.html"]


def test_the_playground_is_one_file(here, capsys):
    assert run(["--playground", "play.html"], capsys) == ["Playground: play.html"]
    assert (here / "play.html").stat().st_size < 5_000_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--playground", "play.gif"], "--playground 'play.gif': the file must end in .html."),
        (["--playground", "nowhere/play.html"], "--playground 'nowhere/play.html': there is no folder 'nowhere'"),
        (["--gallery", "file"], "'file'"),
        (["--gallery", ""], "--gallery '': name a folder"),
        (["--gallery", "a", "--playground", "b.html"], "which reads nothing else: leave out --playground."),
        (["rosenbrock", "--lr", "tuned", "--gallery", "a"], "leave out --lr, 'rosenbrock'."),
        (["--playground", "b.html", "--seed", "0"], "leave out --seed."),
    ],
)
@pytest.mark.usefixtures("here")
def test_pages_that_cannot_be_written_are_told(capsys, words, said):
    assert said in refused(words, capsys)


def test_a_file_that_cannot_be_written_is_told_by_what_was_typed(here, capsys):
    del here
    with pytest.raises(SystemExit) as ended:
        main(["watch", "ravine", "--methods", "newton", "--steps", "9", "--out", "/proc/x.png"])
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out.startswith("Ravine: 9 gradient evaluations each")
    assert said.err.splitlines()[-1].startswith("ravine: --out '/proc/x.png': it could not be written: ")


def test_what_is_under_way_is_told_line_by_line_where_there_is_no_terminal(here, capsys):
    del here
    with pytest.raises(SystemExit):
        main(["watch", "ravine", "--methods", "SGD(lr=0.01),newton", "--steps", "9", "--out", "x.png"])
    assert capsys.readouterr().err.splitlines() == ["SGD(lr=0.01)", "newton", "drawing x.png"]


def test_ctrl_c_ends_in_one_line(here):
    words = [sys.executable, "-m", "ravine", "watch", "rosenbrock", "--steps", "20000", "--out", "x.png"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline()  # it has begun
        process.send_signal(signal.SIGINT)
        assert process.stderr.read().splitlines()[-1] == "Stopped. No picture was written."
    assert process.returncode == 130
    assert not (here / "x.png").exists()


def test_a_file_of_letters_that_the_terminal_lacks_is_written_and_told(here):
    words = [sys.executable, "-m", "ravine", "watch", "ravine", "--methods", "newton", "--steps", "9"]
    done = subprocess.run(
        [*words, "--out", "\u00e9.png"], capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=True
    )
    assert done.stdout.decode("ascii").splitlines()[-1] == "Picture: ?.png"
    assert (here / "\u00e9.png").exists()

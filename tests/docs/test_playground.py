"""The page on the playground: its Python runs and prints what it says."""

from .pages import blocks


def test_its_program_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (program,) = (block for block in blocks("playground.md") if block.language == "python")
    exec(compile(program.code, "playground.md", "exec"), {})  # noqa: S102 - it is the page's own
    assert capsys.readouterr().out == program.shown != ""
    assert 150_000 < (tmp_path / "playground.html").stat().st_size < 250_000

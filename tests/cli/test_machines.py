import dataclasses
import json

import pandas as pd
import pytest

from ravine.cli.machines import export_runs, for_machines, table_file
from ravine.errors import RavineError

from ..study.small import blobs, study


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A study with a field of words and numbers, and with a contender that has no defaults."""
    folder = tmp_path_factory.mktemp("machines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAVINE_HOME", str(folder / "home"))
        methods = "Recipe(SGD(lr=0.1), batch_size=choice((8, 'all'))), Adam(lr=log(0.01, 0.1))"
        yield study(folder / "s", blobs(), methods=methods, recipe="SGD(lr=0.1)", epochs=1, halving=False)


def strict(text: str):
    """Reads JSON as every reader does: numbers that are none are no JSON."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_the_verdict_is_json_that_every_reader_takes(found):
    said = strict(json.dumps(for_machines(found)))
    assert {row["method"]: row["default_score"] for row in said["methods"]}["yours"] is None
    assert [row["method"] for row in said["methods"]] == list(found.summary().method)
    assert len(said["pairs"]) == len(said["proper_pairs"]) == 3
    assert [pair["effect"] for pair in said["pairs"]] == [pair.effect for pair in found.verdict.pairs]
    assert (said["metric"], said["proper"], said["finished"]) == ("accuracy", "log_loss", True)


def test_what_is_not_there_yet_is_null(found):
    nothing = dataclasses.replace(found, records=[], facts={k: v for k, v in found.facts.items() if k != "races"})
    said = strict(json.dumps(for_machines(nothing)))
    assert said["pairs"] == []
    assert said["train_this_way"] == found.train_this_way()
    assert {row["score"] for row in said["methods"]} == {None}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_run_is_written(found, ending, tmp_path):
    file = tmp_path / f"runs.{ending}"
    export_runs(found, file)
    written = pd.read_parquet(file) if ending == "parquet" else pd.read_csv(file)
    table = found.table()
    assert list(written.columns) == list(table.columns)
    pd.testing.assert_frame_equal(written[["score", "seed", "lr"]], table[["score", "seed", "lr"]], rtol=1e-15)
    assert set(written.batch_size.dropna().astype(str)) == {"8", "all"}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_that_cannot_be_written_loses_no_study(found, ending, tmp_path):
    (tmp_path / f"runs.{ending}").mkdir()
    with pytest.raises(RavineError, match=f"cannot write '.*runs.{ending}': .* is safe"):
        export_runs(found, tmp_path / f"runs.{ending}")


def test_a_table_s_name_is_read_before_there_is_a_table(tmp_path):
    assert table_file(str(tmp_path / "runs.csv")) == tmp_path / "runs.csv"
    for wrong in ("runs", "runs.txt", str(tmp_path / "no" / "runs.csv")):
        with pytest.raises(RavineError, match=f"--export '{wrong}': "):
            table_file(wrong)

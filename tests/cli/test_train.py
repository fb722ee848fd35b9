import re

import numpy as np
import pandas as pd
import pytest

import ravine
from ravine.cli.main import main
from ravine.data import ledger
from ravine.data.find import find
from ravine.data.folds import split_test

FEW = ["train", "wine", "--recipe", "Recipe(Adam(lr=0.01), epochs=2)"]


def typed(words, capsys) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


def test_a_run_says_how_it_went_and_keeps_its_weights(tmp_path, capsys):
    code, out, err = typed([*FEW, "--seed", 3, "--out", tmp_path / "run"], capsys)
    run = ravine.train("wine", "Recipe(Adam(lr=0.01), epochs=2)", seed=3)
    assert code == 0
    assert out.splitlines()[0].startswith("Finished 2 epochs. 284 gradient evaluations in ")
    assert out.splitlines()[1] == f"test accuracy {run.score:.6g}, log_loss {run.proper:.6g}"
    assert out.splitlines()[2] == f"training accuracy {run.train_score:.6g}"
    assert out.splitlines()[3] == f"Weights: {tmp_path}/run/model.pt"
    assert [line.split(":")[0] for line in err.splitlines()] == ["epoch 1", "epoch 2"]


def test_the_same_command_resumes_and_another_is_refused(tmp_path, capsys):
    first = typed([*FEW, "--out", tmp_path / "run"], capsys)[1]
    code, again, err = typed([*FEW, "--out", tmp_path / "run"], capsys)
    assert (code, again.splitlines()[1:], err) == (0, first.splitlines()[1:], "")  # nothing was left to train
    code, _, err = typed([*FEW, "--seed", 9, "--out", tmp_path / "run"], capsys)
    assert code == 2
    assert re.search(r"seed was 0, now 9.*Choose another --out", err)


def test_every_training_is_a_read_of_the_test_set(capsys):
    typed(FEW, capsys)
    typed(FEW, capsys)
    _, test = split_test(find("wine"), 0)
    assert [(read.study, read.runs) for read in ledger.reads(test.fingerprint())] == [("ravine.train", 1)] * 2


def test_arguments_of_the_model_are_read_as_what_they_are(tmp_path, capsys):
    (tmp_path / "any.py").write_text(
        "import ravine\nfrom torch import nn\nfrom ravine.data.find import find\n\n"
        "def network(width=2, drop=0.0, name='x'):\n"
        '    assert (width, drop, name) == (7, 0.5, "it\'s")\n'
        "    return nn.Sequential(nn.Linear(13, width), nn.Dropout(drop), nn.Linear(width, 3))\n\n"
        "task = ravine.Task(network, find('wine').train)\n"
    )
    words = ["train", tmp_path / "any.py", *FEW[2:], "--set", "width=7", "--set", "drop=0.5", "--set", 'name="it\'s"']
    assert typed(words, capsys)[0] == 0


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_predictions_are_printed_or_written(tmp_path, capsys, ending):
    generator = np.random.default_rng(0)
    table = pd.DataFrame(generator.normal(size=(40, 2)), columns=["a", "b"])
    table.assign(target=np.where(table.a > 0, "up", "down")).to_csv(tmp_path / "known.csv", index=False)
    table.to_csv(tmp_path / "new.csv", index=False)
    typed(["train", tmp_path / "known.csv", *FEW[2:], "--out", tmp_path / "run"], capsys)
    code, out, _ = typed(["predict", tmp_path / "run", tmp_path / "new.csv"], capsys)
    assert code == 0
    expected = ravine.predict(tmp_path / "run", tmp_path / "new.csv").table()
    assert out == expected.to_csv(index=False)
    file = tmp_path / f"said.{ending}"
    code, out, _ = typed(["predict", tmp_path / "run", tmp_path / "new.csv", "--out", file], capsys)
    assert (code, out) == (0, f"40 predictions: {file}\n")
    written = pd.read_parquet(file) if ending == "parquet" else pd.read_csv(file)
    pd.testing.assert_frame_equal(written, expected, check_dtype=False, rtol=1e-6)
    code, _, err = typed(
        ["predict", tmp_path / "run", tmp_path / "new.csv", "--out", tmp_path / "no" / file.name], capsys
    )
    assert code == 2
    assert err.startswith(f"ravine: cannot write '{tmp_path}/no/{file.name}'")

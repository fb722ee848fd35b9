"""Data files as tasks, new data for predictions, and OpenML, played by a server on this machine."""

import gzip
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets._openml as fetcher
import torch
from sklearn.datasets import load_iris

from ravine.data.files import file_task, new_examples, openml_task
from ravine.data.task import Task
from ravine.errors import RavineError

LUCK = np.random.default_rng(0)
FRAME = pd.DataFrame({"age": np.arange(40), "city": ["Bonn", "Ulm"] * 20, "height": LUCK.normal(size=40)})
CLASSES = FRAME.assign(target=["yes", "no", "maybe", "no"] * 10)
NUMBERS = FRAME.assign(price=LUCK.normal(2e5, 4e4, size=40))


def written(folder, name, frame):
    path = folder / name
    separator = {"comma.csv": ",", "semicolon.csv": ";", "tab.tsv": "\t"}.get(name)
    if separator:
        frame.to_csv(path, index=False, sep=separator)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        columns = [column for column in frame.columns if column in {"age", "height"}]
        others = {column: frame[column].to_numpy() for column in frame.columns if column in {"target", "price"}}
        np.savez(
            path, X=frame[columns].to_numpy(), **{k: v.astype("U") if k == "target" else v for k, v in others.items()}
        )
    return path


@pytest.mark.parametrize("name", ["comma.csv", "semicolon.csv", "tab.tsv", "table.parquet", "arrays.npz"])
def test_each_kind_of_file_gives_the_same_task(tmp_path, name):
    task = file_task(written(tmp_path, name, CLASSES))
    data = task.training_data
    assert data.coding.classes == ("maybe", "no", "yes")
    assert data.targets.tolist() == [2, 1, 0, 1] * 10
    width = 2 if name == "arrays.npz" else 4
    assert data.inputs.shape == (40, width)
    np.testing.assert_allclose(data.inputs[:, [0, -1]].numpy(), FRAME[["age", "height"]], rtol=1e-6)
    assert task.model_arguments == {"inputs": width, "outputs": 3}
    assert task.source == f"{tmp_path / name}:target"
    assert task.name == name.partition(".")[0]


@pytest.mark.parametrize("name", ["comma.csv", "table.parquet", "arrays.npz"])
def test_a_number_is_learned_where_the_column_named_holds_numbers(tmp_path, name):
    task = file_task(written(tmp_path, name, NUMBERS), "price")
    assert task.loss == "squared_error"
    np.testing.assert_allclose(task.decode(task.training_data.targets), NUMBERS["price"], rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "loss"),
    [
        (np.arange(40) % 20, "cross_entropy"),
        (np.arange(40) % 21, "squared_error"),
        (np.arange(40) % 3 * 1.0, "cross_entropy"),
        (np.arange(40) % 3 * 0.5, "squared_error"),
        (np.arange(40) % 2 == 0, "cross_entropy"),
    ],
)
def test_few_whole_numbers_are_classes(tmp_path, values, loss):
    path = written(tmp_path, "comma.csv", FRAME.assign(target=values))
    assert file_task(path).loss == loss


@pytest.mark.parametrize("name", ["comma.csv", "table.parquet", "arrays.npz"])
@pytest.mark.parametrize("labeled", [True, False])
def test_new_data_are_read_as_the_training_data_were(tmp_path, name, labeled):
    task = file_task(written(tmp_path, name, CLASSES))
    (tmp_path / "new").mkdir()
    fresh = CLASSES.iloc[[5, 2]] if labeled else FRAME.iloc[[5, 2]]
    new = new_examples(task, written(tmp_path / "new", name, fresh))
    assert torch.equal(new.inputs, task.training_data.inputs[[5, 2]])
    assert new.has_targets == labeled
    assert not labeled or new.targets.tolist() == [1, 0]


def test_new_data_for_dicts(tmp_path):
    task = Task(
        torch.nn.Identity, {"age": FRAME["age"].to_numpy(), "height": FRAME["height"].to_numpy(), "y": np.ones(40)}
    )
    path = written(tmp_path, "comma.csv", FRAME[["height", "age"]].iloc[:3])
    batch = new_examples(task, path).batch(torch.arange(3))
    assert batch["age"].tolist() == [0, 1, 2]
    assert sorted(batch) == ["age", "height"]


def save(name, content):
    def write(folder):
        path = folder / name
        path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
        return path

    return write


def arrays(**columns):
    def write(folder):
        np.savez(folder / "a.npz", **columns)
        return folder / "a.npz"

    return write


@pytest.mark.parametrize(
    ("write", "target", "says"),
    [
        (lambda folder: folder / "gone.csv", None, "there is no file"),
        (lambda folder: folder / "no" / "where.csv", None, "there is no file"),
        (save("a.csv", "a,b\n1,2\n3,4\n"), None, "has no column 'target': write a.csv:COLUMN, one of a, b"),
        (
            save("a.csv", "a,target\n1,2\n3,4\n"),
            "tarket",
            "a.csv has no 'tarket', only a, target.*Did you mean 'target'",
        ),
        (save("a.csv", ""), None, "can't be read as CSV: No columns"),
        (save("a.csv", "a,target\n"), None, "is empty"),
        (save("a.csv", "a,target\n1,2,3,4\n1\n1,2,3,4,5,6\n"), None, "can't be read as CSV"),
        (save("a.csv", b"\xff\xfe\x00a"), None, "can't be read as CSV: 'utf-8' codec"),
        (save("a.csv", ",a,target\n0,1,x\n1,2,y\n"), None, "column without a name.*index=False"),
        (save("a.csv", "a,target\n1,x\n,y\n3,x\n"), None, "a: inputs has nan in row 1, column 'a'"),
        (save("a.csv", "a,target\n1,x\n2,\n3,x\n"), None, "a: target has no label in row 1"),
        (save("a.csv", "target\nx\ny\n"), None, "no columns beside the target"),
        (save("a.csv", "a,target\n1,x\n2,x\n"), None, "nothing to tell apart"),
        (save("a.parquet", b"PAR1 no"), None, "can't be read as PARQUET"),
        (save("a.npz", b"no"), None, "can't be read as NPZ"),
        (
            arrays(X=np.ones((3, 2)), Z=np.ones(3), y=np.arange(3)),
            None,
            r"one array of inputs beside 'y', got \['X', 'Z'\]",
        ),
        (arrays(X=np.ones((3, 2)), y=np.array(["a", None, "b"], dtype=object)), None, "can't be read as NPZ"),
    ],
)
def test_a_file_that_is_no_table_with_a_target_is_told(tmp_path, write, target, says):
    with pytest.raises(RavineError, match=says) as caught:
        file_task(write(tmp_path), target)
    assert "\n" not in str(caught.value)


def arff():
    iris = load_iris(as_frame=True)
    names = [name.replace(" (cm)", "").replace(" ", "") for name in iris.feature_names]
    lines = ["@RELATION iris", *[f"@ATTRIBUTE {name} REAL" for name in names]]
    lines += ["@ATTRIBUTE class {setosa,versicolor,virginica}", "@DATA"]
    rows = zip(iris.data.to_numpy(), iris.target_names[iris.target], strict=True)
    lines += [",".join([*map(str, row), kind]) for row, kind in rows]
    return "\n".join(lines).encode(), names


class OpenML(BaseHTTPRequestHandler):
    """As much of OpenML's interface as fetching one data set takes."""

    def do_GET(self):
        body, names = arff()
        features = [{"name": name, "data_type": "numeric", "is_target": "false"} for name in names]
        features.append({"name": "class", "data_type": "nominal", "is_target": "true"})
        for index, one in enumerate(features):
            one.update(index=str(index), is_ignore="false", is_row_identifier="false", number_of_missing_values="0")
        host = f"http://127.0.0.1:{self.server.server_address[1]}"
        known = {"did": 61, "name": "iris", "version": 1, "status": "active", "format": "ARFF"}
        described = {**known, "id": "61", "version": "1", "description": "Irises.", "file_id": "61"}
        described.update(url=f"{host}/data/61/iris.arff", md5_checksum=hashlib.md5(body).hexdigest())
        pages = {
            "/api/v1/json/data/list/data_name/iris/limit/2/status/active/": {"data": {"dataset": [known]}},
            "/api/v1/json/data/list/data_name/iris/limit/2/data_version/1": {"data": {"dataset": [known]}},
            "/api/v1/json/data/61": {"data_set_description": described},
            "/api/v1/json/data/features/61": {"data_features": {"feature": features}},
            "/api/v1/json/data/qualities/61": {
                "data_qualities": {"quality": [{"name": "NumberOfInstances", "value": "150"}]}
            },
        }
        if self.path == "/data/61/iris.arff":
            self.answer(200, body)
        elif self.path in pages:
            self.answer(200, json.dumps(pages[self.path]).encode())
        else:  # 412 is OpenML's way to say that there is none
            self.answer(412, b'{"error": {"code": "372", "message": "No results"}}')

    def answer(self, code, body):
        self.send_response(code)
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(gzip.compress(body))

    def log_message(self, *_):
        """Keeps the tests quiet."""


@pytest.fixture
def openml(monkeypatch, tmp_path):
    """A server that speaks OpenML's words, where scikit-learn looks for them, and an empty cache."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), OpenML)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    for name in ("_SEARCH_NAME", "_DATA_INFO", "_DATA_FEATURES", "_DATA_QUALITIES"):
        address = getattr(fetcher, name).replace(
            "https://www.openml.org", f"http://127.0.0.1:{server.server_address[1]}"
        )
        monkeypatch.setattr(fetcher, name, address)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("text", ["iris", "iris:1", "61"])
@pytest.mark.usefixtures("openml")
def test_a_data_set_of_openml_is_a_task(text):
    task, iris = openml_task(text), load_iris()
    data = task.training_data
    np.testing.assert_allclose(data.inputs.numpy(), iris.data, rtol=1e-6)
    assert data.targets.tolist() == iris.target.tolist()
    assert data.coding.classes == ("setosa", "versicolor", "virginica")
    assert (task.loss, task.source) == ("cross_entropy", f"openml:{text}")


def test_a_data_set_is_fetched_once(openml):
    first = openml_task("iris")
    openml.shutdown()
    openml.server_close()
    assert openml_task("iris").training_data.fingerprint() == first.training_data.fingerprint()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("irid", "openml:irid: No active dataset irid found"),
        ("iris:7", "openml:iris:7: Dataset iris with version 7 not found"),
        ("62", "openml:62: Dataset with data_id 62 not found"),
        ("", "must be openml:NAME, openml:NAME:VERSION or openml:NUMBER"),
        ("iris:new", "must be openml:NAME"),
    ],
)
@pytest.mark.usefixtures("openml")
def test_what_openml_does_not_have_is_told(text, says):
    with pytest.raises(RavineError, match=says):
        openml_task(text)


def test_no_network_is_told(openml):
    openml.shutdown()
    openml.server_close()
    with pytest.raises(RavineError, match=r"openml:iris can't be fetched: .* Is there a network\?"):
        openml_task("iris")

"""The commands and how they fail: one line for a user's mistake, and exit 2.

Nothing here imports torch: `ravine --help` answers before it would be loaded. Each command imports what it calls.
"""

import re
import sys
import warnings
from typing import Annotated, Any, NoReturn

import typer

from ..errors import RavineError

app = typer.Typer(
    name="ravine",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Finds out, fairly and fast, which way of training a model generalizes best, and trains it that way.",
)

NO_NUMBER = re.compile(r"Invalid value for '(--\S+)': Input should be a valid (integer|number)")
"""What click says of a word in a number's place."""

Task = Annotated[
    str,
    typer.Argument(
        metavar="TASK",
        help="digits, wine, breast_cancer, diabetes; data.csv[:column]; my_task.py[:name]; openml:NAME",
    ),
]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, ...; the GPU where there is one")]
Engine = Annotated[str, typer.Option(help="who executes a rule: auto, plain, native, triton")]
Metric = Annotated[str | None, typer.Option(help="a metric to use instead of the task's own")]


@app.command()
def compare(
    task: Task = "digits",
    methods: Annotated[
        str | None, typer.Option(help='such as sgd,adam,"Adam(lr=log(1e-4,1e-1))",mine.py:MyRule')
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="your present recipe, which takes part, or is varied")] = None,
    vary: Annotated[
        str | None,
        typer.Option(
            help="compare what one thing does to a recipe: regularization, augmentation, batch_size, ensemble, "
            "schedule, loss, model or optimizer"
        ),
    ] = None,
    one_by_one: Annotated[
        bool, typer.Option("--one-by-one", help="each part of the recipe added alone, and left out alone")
    ] = False,
    recipes: Annotated[str | None, typer.Option(help="a file of recipes to compare, one a line: name = recipe")] = None,
    settings: Annotated[int, typer.Option(help="settings tried of each method, a power of two")] = 8,
    search: Annotated[str, typer.Option(help="sobol or grid")] = "sobol",
    folds: Annotated[int, typer.Option(help="folds that choose among the settings")] = 3,
    holdout: Annotated[float | None, typer.Option(help="share of one validation part, instead of folds")] = None,
    seeds: Annotated[int, typer.Option(help="fresh seeds that the test scores stand on")] = 5,
    epochs: Annotated[int | None, typer.Option(help="epochs of every run")] = None,
    metric: Metric = None,
    matters: Annotated[str, typer.Option(help="the smallest difference that matters, such as 0.003 or 0.3%")] = "0",
    budget: Annotated[str | None, typer.Option(help="seconds, such as 60s, turned once into epochs")] = None,
    halving: Annotated[bool, typer.Option("--halving/--no-halving", help="drop bad settings early")] = True,
    workers: Annotated[int | None, typer.Option(help="runs at once; one per core")] = None,
    seed: Annotated[int, typer.Option(help="decides folds, settings, weights and the order of data")] = 0,
    device: Device = None,
    engine: Engine = "auto",
    out: Annotated[str | None, typer.Option(help="the study's folder; studies/TASK")] = None,
    keep_networks: Annotated[
        bool, typer.Option("--keep-networks/--no-networks", help="keep the refitted networks in the study's folder")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="print the verdict for machines")] = False,
    export: Annotated[str | None, typer.Option(help="write every run to a .parquet or .csv file")] = None,
) -> None:
    """Find the best way to train a task, with a verdict and a report. The same command resumes."""
    from .compare import run_compare

    run_compare(
        task, methods, as_json=as_json, export=export, matters=matters, budget=budget, recipe=recipe, vary=vary,
        one_by_one=one_by_one, recipes=recipes, settings=settings, search=search, folds=folds,
        holdout=holdout, seeds=seeds, epochs=epochs, metric=metric,
        halving=halving, workers=workers, seed=seed, device=device, engine=engine, out=out,
        keep_networks=keep_networks,
    )  # fmt: skip


@app.command()
def train(
    task: Task,
    recipe: Annotated[str, typer.Option(help='such as "Adam(lr=cosine(0.003))" or "Recipe(SGD(lr=0.1), epochs=30)"')],
    seed: Annotated[int, typer.Option(help="decides weights, order of data and luck")] = 0,
    until: Annotated[int | None, typer.Option(help="stop after so many of the recipe's epochs")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="an argument of the model, such as width=32")] = None,
    metric: Metric = None,
    device: Device = None,
    engine: Engine = "auto",
    out: Annotated[str | None, typer.Option(help="folder of weights and checkpoints, from which it resumes")] = None,
) -> None:
    """Train a task by one recipe on all its training data. The same command resumes."""
    from .train import run_train

    run_train(task, recipe, set_ or [], seed=seed, until=until, metric=metric, device=device, engine=engine, out=out)


@app.command()
def predict(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="the folder that 'ravine train --out' made")],
    data: Annotated[str, typer.Argument(metavar="DATA", help="a CSV, Parquet or NPZ file; targets may be missing")],
    out: Annotated[str | None, typer.Option(help="a .csv or .parquet file; printed as CSV otherwise")] = None,
) -> None:
    """Predict new data by a trained run."""
    from .train import run_predict

    run_predict(folder, data, out)


@app.command()
def report(folder: Annotated[str, typer.Argument(metavar="DIR", help="the study's folder")]) -> None:
    """Write the report of a study anew, finished or not."""
    from .compare import run_report

    run_report(folder)


@app.command()
def methods(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="a rule, a schedule, what others call one, or mine.py:MyRule")
    ] = None,
    tree: Annotated[bool, typer.Option("--tree", help="which method grew out of which")] = False,
) -> None:
    """Show every rule and schedule: fields, ranges, equations."""
    from .methods import run_methods

    run_methods(name, tree=tree)


@app.command()
def watch(
    context: typer.Context,
    surface: Annotated[
        str, typer.Argument(metavar="SURFACE", help='ravine, rosenbrock, himmelblau, ..., or "ravine(kappa=1000)"')
    ] = "ravine",
    gallery: Annotated[
        str | None, typer.Option(metavar="DIR", help="instead: the whole story in scenes, as one page in a folder")
    ] = None,
    playground: Annotated[
        str | None, typer.Option(metavar="FILE", help="instead: a page to drag, tune and play with every method")
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(help='such as sgd,adam,lbfgs,newton,"Momentum(momentum=0.5)","Adam(lr=0.1)",mine.py:MyRule'),
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="X,Y", help="where they start; the surface's usual start")
    ] = None,
    steps: Annotated[int, typer.Option(help="gradient evaluations of each method")] = 200,
    lr: Annotated[str, typer.Option(help="tuned for each method; same for all; or a number for all")] = "tuned",
    noise: Annotated[float, typer.Option(help="standard deviation of noise in the gradient")] = 0.0,
    seed: Annotated[int, typer.Option(help="decides the noise, and the starts that lr is tuned from")] = 0,
    out: Annotated[str | None, typer.Option(help="a .html, .gif, .mp4 or .png file; SURFACE.html")] = None,
) -> None:
    """Watch methods move on a surface, each at its own tuned lr, all on the same budget."""
    from .watch import run_gallery, run_playground, run_watch

    if gallery is not None:
        _check_alone(context, "gallery")
        return run_gallery(gallery)
    if playground is not None:
        _check_alone(context, "playground")
        return run_playground(playground)
    return run_watch(surface, methods, start, steps, lr, noise, seed, out)


def _check_alone(context: typer.Context, page: str) -> None:
    """Refuses what was typed beside a page that reads nothing else: it would be lost without a word."""
    sources = {name: context.get_parameter_source(name) for name in context.params if name != page}
    typed = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    words = [repr(context.params[name]) if name == "surface" else f"--{name}" for name in typed]
    if words:
        raise RavineError(f"--{page} writes a page of its own, which reads nothing else: leave out {', '.join(words)}.")


@app.command()
def check(
    rule: Annotated[str, typer.Argument(metavar="RULE", help='my_rule.py[:MyRule], or my_rule.py:"MyRule(lr=0.1)"')],
    engine: Annotated[str, typer.Option(help="plain, native or triton; auto is all that run here")] = "auto",
) -> None:
    """Put a rule of your own through the common battery: what held, and what to do about what did not."""
    from .check import run_check

    raise typer.Exit(run_check(rule, engine))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Runs the command line.

    Args:
        arguments: The words after `ravine`; those that were typed where None.

    Raises:
        SystemExit: Always: 0, or 2 for a mistake of the user's, or 130 after Ctrl-C.
    """
    command: Any = typer.main.get_command(app)
    typed = sys.argv[1:] if arguments is None else arguments
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            code = command.main(typed or ["--help"], prog_name="ravine", standalone_mode=False)
    except RavineError as error:
        _refuse(str(error))
    except OSError as error:  # a disk that is full, a folder that cannot be written
        _refuse(f"{error.filename or 'the disk'}: {error.strerror or error}. What was written before is safe.")
    except Exception as error:
        # click tells a mistyped option by an exception of its own; anything else is a fault of Ravine's.
        if not hasattr(error, "format_message"):
            raise
        _refuse(_mistyped(error.format_message(), typed))  # pyright: ignore[reportAttributeAccessIssue]
    sys.exit(code or 0)


def _mistyped(sentence: str, typed: list[str]) -> str:
    """Says what was typed where click only says that it is no number."""
    found = NO_NUMBER.match(sentence)
    if found is None:
        return sentence
    option, kind = found.groups()
    pairs = zip(typed, [*typed[1:], ""], strict=True)
    given = [word.partition("=")[2] or after for word, after in pairs if word.partition("=")[0] == option]
    return f"{option} {given[-1]!r}: must be a {'whole ' * (kind == 'integer')}number."


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Prints a warning as one line, without the place in the code that Python would tell."""
    print(f"ravine: {' '.join(str(message).split())}", file=sys.stderr)


def _refuse(sentence: str) -> NoReturn:
    line = " ".join(sentence.split())
    print(f"ravine: {line}", file=sys.stderr)
    sys.exit(2)

"""The command line: arguments, files and exit codes. Everything slow is imported by the command that needs it."""

from __future__ import annotations

import io
import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from planner.cli_fabric import export_fabric, fabric_app
from planner.shell import (
    fail,
    interrupted,
    keep_input,
    load_catalog_rows,
    read_factory_file,
    read_plan_file,
    refuse,
    say,
    show_tables,
    write_file,
    write_folder,
)

if TYPE_CHECKING:
    from planner.plan import Plan

__all__ = ["app", "main"]

app = typer.Typer(
    name="groundplan",
    help="Plans an AI factory before it is built, and provisions it afterwards, from one declared file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
catalog_app = typer.Typer(help="Look into the catalog of hardware.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(catalog_app, name="catalog")
app.add_typer(fabric_app, name="fabric")


class Format(StrEnum):
    """How a report is written."""

    terminal = "terminal"
    markdown = "markdown"
    json = "json"


FactoryFile = Annotated[Path, typer.Argument(metavar="FILE", help="A factory, as YAML.", show_default=False)]
CatalogFolder = Annotated[
    Path | None,
    typer.Option("--catalog", metavar="DIR", help="Rows of your own: extend and override the catalog."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors; the exit code tells.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="Write here: the plan as JSON, or the report in the --format given.",
    ),
]
ReportFormat = Annotated[Format | None, typer.Option("--format", help="How to write the report.", show_default="terminal")]


@app.command()
def plan(
    file: FactoryFile,
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
    report_format: ReportFormat = None,
    catalog: CatalogFolder = None,
) -> None:
    """Plan a factory and report on it.

    Exit code 0: it fits. 1: a limit is broken (the report says which, and the largest that fits). 2: the input is wrong.
    """
    from planner.engine import make_plan

    if as_json and report_format not in (None, Format.json):
        refuse("--json and --format say different things", "give one of them")
    keep_input(file, output)
    made = make_plan(*read_factory_file(file, catalog))
    errors = [each for each in made.findings if each.severity == "error" and not each.path.startswith("catalog.")]
    faulty = [each for each in errors if each.code in ("chain-row", "wrong-kind")]
    if faulty:  # which rows of the hall there are, and what a row of the catalog is, only the plan knows
        from planner.reader import locate_findings

        fail(locate_findings(file, faulty))
    chosen = Format.json if as_json else report_format
    if output is not None:
        write_file(output, _text(made, chosen or Format.json))
    # A --format that has gone to a file is not printed as well; --json is about what is printed.
    if not quiet and (output is None or as_json or report_format is None):
        _show(made, chosen or Format.terminal)
    raise typer.Exit(1 if made.has_error() else 0)


@app.command()
def report(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan, as written by: groundplan plan FILE -o PLAN")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="OUT", help="Write the report here.")] = None,
    report_format: ReportFormat = None,
    tables: Annotated[
        Path | None,
        typer.Option("--tables", metavar="DIR", help="Write every table here, whole and unrounded, as CSV and as JSON."),
    ] = None,
) -> None:
    """Report on a plan made earlier, without planning again; with --tables alone, nothing but the tables is written."""
    keep_input(file, output)
    made = read_plan_file(file)
    chosen = report_format or (Format.markdown if output else Format.terminal)
    if tables is not None:
        _write_tables(made, file, tables)
    if output is not None:
        write_file(output, _text(made, chosen))
    elif tables is None or report_format is not None:
        _show(made, chosen)
    raise typer.Exit(1 if made.has_error() else 0)


@app.command()
def headroom(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="A plan, as written by: groundplan plan FILE -o PLAN")],
    as_json: Json = False,
) -> None:
    """Say how many more nodes fit until each limit binds, which one binds first, and what relieving it buys.

    Exit code 0: the plan keeps its limits. 1: it breaks one. 2: the file is no plan.
    """
    from planner.report.limits_view import headroom_data, headroom_tables

    made = read_plan_file(file)
    if as_json:
        import json

        typer.echo(json.dumps(headroom_data(made), indent=2, ensure_ascii=False))
    else:
        show_tables(headroom_tables(made), 80)
    raise typer.Exit(1 if made.has_error() else 0)


@app.command()
def check(file: FactoryFile, catalog: CatalogFolder = None, as_json: Json = False, quiet: Quiet = False) -> None:
    """Check that a factory file can be read, without planning. Exit code 0 or 2."""
    if as_json:
        _check_json(file, catalog, quiet)
    factory, _, _ = read_factory_file(file, catalog)
    if not quiet:
        say(f"{file}: {factory.name} is well formed")


@app.command()
def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the factory; NAME.yaml is written here.")],
    node: Annotated[str, typer.Option("--node", metavar="ID", help="Catalog id of the node.")] = "dgx-h100",
    count: Annotated[int, typer.Option("--count", metavar="N", help="How many nodes.")] = 32,
) -> None:
    """Write a short commented factory that plans as it stands."""
    from pydantic import ValidationError

    from planner.catalog import load_catalog
    from planner.engine import make_plan
    from planner.errors import did_you_mean
    from planner.spec import Factory
    from planner.starter import starter

    catalog = load_catalog()
    known = catalog.ids()["nodes"]
    if node not in known:
        refuse(f"'{node}' is not in the catalog of nodes", did_you_mean(node, known))
    data = {"name": name, "site": {"country": "US"}, "compute": {"nodes": {node: count}}}
    try:
        factory = Factory.model_validate(data)
    except ValidationError as error:
        if error.errors()[0]["loc"][0] == "name":
            refuse(f"'{name}' cannot be a name", "lower-case letters, digits and hyphens, at most 63")
        refuse(f"{count} nodes cannot be planned", "a whole number from 1 to 1,000,000")
    made = make_plan(factory, catalog)
    broken = [finding for finding in made.findings if finding.severity == "error"]
    if broken:
        refuse(f"{count} x {node} would not plan: {broken[0].message}", broken[0].hint)
    path = Path(f"{name}.yaml")
    try:
        path.touch(exist_ok=False)  # takes the name, whoever else may want it
    except FileExistsError:
        refuse(f"{path} exists and is left as it is", "choose another name, or remove it first")
    except OSError as error:
        refuse(f"{path} cannot be written: {error.strerror}", "check the folder and its rights")
    try:
        write_file(path, starter(made))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    typer.echo(f"wrote {path}; next: groundplan plan {path}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a factory file, for editors."""
    import json

    from planner.spec import json_schema

    typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="PLAN", help="A plan, as written by: groundplan plan FILE -o PLAN")
    ] = None,
    form: Annotated[str | None, typer.Argument(metavar="FORMAT", help="Which format; --list names them.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="Write here; a folder, where there are several files.")
    ] = None,
    fabric: Annotated[str, typer.Option(metavar="NAME", help="Which network of the plan.")] = "compute",
    show_list: Annotated[bool, typer.Option("--list", help="List the formats.")] = False,
    as_json: Json = False,
) -> None:
    """Write a network of the plan in another tool's format."""
    from planner.export.formats import FORMATS

    if show_list:
        if as_json:
            import json

            typer.echo(json.dumps({name: each.says for name, each in FORMATS.items()}, indent=2))
            return
        width = max(map(len, FORMATS))
        for name, each in FORMATS.items():
            say(f"{name:<{width}}  {each.says}")
        return
    if file is None or form is None:
        refuse("a plan and a format are needed", "groundplan export PLAN FORMAT; groundplan export --list names the formats")
    if as_json:
        refuse("--json belongs to --list", "an export has the format that is named")
    export_fabric(file, form, output, fabric)


@catalog_app.command("list")
def catalog_list(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help="One kind of row. Default: all kinds.")] = None,
    as_json: Json = False,
    catalog: CatalogFolder = None,
) -> None:
    """List the catalog's rows."""
    from planner.catalog import KINDS
    from planner.errors import did_you_mean

    rows = load_catalog_rows(catalog)
    wanted = kind.replace("-", "_") if kind else None
    if wanted is not None and wanted not in KINDS:
        refuse(f"'{kind}' is no kind of the catalog", did_you_mean(wanted, KINDS))
    chosen = {name: rows.rows[name] for name in KINDS if wanted in (None, name)}
    if as_json:
        import json

        data = {name: [row.model_dump(mode="json") for row in known.values()] for name, known in chosen.items()}
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return
    for name, known in chosen.items():
        typer.echo(f"{name.replace('_', ' ')} ({len(known)})")
        width = max(len(row_id) for row_id in known)
        for row_id, row in known.items():
            label = getattr(row, "name", None) or f"{getattr(row, 'price_usd', 0):,.0f} USD"
            say(f"  {row_id:<{width}}  {label}  [{row.confidence}]")


@catalog_app.command("show")
def catalog_show(
    row_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a row.")],
    as_json: Json = False,
    catalog: CatalogFolder = None,
) -> None:
    """Show all that the catalog knows of an id: every value, where it is from, and when."""
    from planner.errors import did_you_mean

    rows = load_catalog_rows(catalog)
    found = rows.find(row_id)
    if not found:
        refuse(
            f"'{row_id}' is not in the catalog",
            did_you_mean(row_id, {each for known in rows.rows.values() for each in known}),
        )
    if as_json:
        import json

        typer.echo(json.dumps({kind: row.model_dump(mode="json") for kind, row in found}, indent=2, ensure_ascii=False))
        return
    from planner.catalog.records import Record

    for number, (kind, row) in enumerate(found):
        typer.echo(("\n" if number else "") + f"{row_id} ({kind.replace('_', ' ')})")
        values = row.model_dump(mode="json", exclude={"id"}, exclude_none=True)
        source = {name: values.pop(name) for name in Record.model_fields if name in values}
        for name, value in {**values, **source}.items():
            say(f"  {name:<30} {value}")


def _check_json(file: Path, catalog: Path | None, quiet: bool) -> NoReturn:
    import dataclasses
    import json

    from planner.errors import InputErrors, Problem
    from planner.reader import read_factory

    problems: tuple[Problem, ...] = ()
    try:
        read_factory(file, catalog)
    except InputErrors as errors:
        problems = errors.problems
    if not quiet:
        typer.echo(json.dumps({"problems": [dataclasses.asdict(each) for each in problems]}, indent=2))
    raise typer.Exit(2 if problems else 0)


def _write_tables(made: Plan, file: Path, folder: Path) -> None:
    from planner.report.twins import twin_files

    files = twin_files(made)
    for name in files:
        keep_input(file, folder / name)
    write_folder(folder, files)
    say(f"{folder}: {len(files) // 2} tables as CSV and JSON; index.json says what each of them is", err=True)


def _show(made: Plan, chosen: Format) -> None:
    if chosen is not Format.terminal or not (sys.stdout and sys.stdout.isatty()):
        typer.echo(_text(made, chosen), nl=False)
        return
    from rich.console import Console

    from planner.report.terminal import print_report
    from planner.report.view import make_report

    print_report(make_report(made), Console(highlight=False))


def _text(made: Plan, chosen: Format) -> str:
    if chosen is Format.json:
        return made.to_json()
    from planner.report.view import make_report

    if chosen is Format.markdown:
        from planner.report.markdown import to_markdown

        return to_markdown(make_report(made))
    import io

    from rich.console import Console

    from planner.report.terminal import print_report

    stream = io.StringIO()
    print_report(make_report(made), Console(file=stream, width=80, highlight=False, color_system=None))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def main() -> None:
    """Run the command line; a reader that goes away or Ctrl-C ends it quietly."""
    # Exit codes 0 to 2 say how the factory fares: an interrupted run must not end with one of them, as older typers do.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without Unicode gets codes, not a traceback
    try:
        try:
            app()
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        typer.echo(f"cannot write: {error.strerror}", err=True)
        sys.exit(74)  # EX_IOERR of sysexits.h


if __name__ == "__main__":
    main()

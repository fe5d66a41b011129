"""What every command shares: reading input, writing files whole or not at all, and how problems are told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from planner.catalog import Catalog
    from planner.epw import WeatherFile
    from planner.errors import InputErrors
    from planner.plan import Plan
    from planner.report.words import Table
    from planner.spec import Factory

__all__ = [
    "fail",
    "interrupted",
    "keep_input",
    "load_catalog_rows",
    "read_factory_file",
    "read_plan_file",
    "read_text_file",
    "refuse",
    "say",
    "show_tables",
    "write_file",
    "write_folder",
]

MOST_SHOWN = 100  # of the problems of one file


def read_plan_file(file: Path) -> Plan:
    """Read a plan, or tell what is wrong with it and end with exit code 2."""
    from planner.errors import InputErrors
    from planner.reader import read_plan

    try:
        return read_plan(file)
    except InputErrors as errors:
        fail(errors)


def read_text_file(file: Path) -> str:
    """Read a text file, or tell what is wrong with it and end with exit code 2."""
    from planner.errors import InputErrors
    from planner.yamlfile import read_text

    try:
        return read_text(file, most_bytes=500_000_000)
    except InputErrors as errors:
        fail(errors)


def load_catalog_rows(folder: Path | None) -> Catalog:
    """Load the catalog with a user's own rows, or tell what is wrong with them and end with exit code 2."""
    from planner.catalog import load_catalog
    from planner.errors import InputErrors

    try:
        return load_catalog(folder)
    except InputErrors as errors:
        fail(errors)


def read_factory_file(file: Path, catalog: Path | None) -> tuple[Factory, Catalog, WeatherFile | None]:
    """Read a factory, its catalog and its weather file, or tell what is wrong with them and end with exit code 2."""
    from planner.errors import InputErrors
    from planner.reader import read_factory

    try:
        return read_factory(file, catalog)
    except InputErrors as errors:
        fail(errors)


def keep_input(file: Path, output: Path | None) -> None:
    """Refuse to write over the file that is read."""
    try:
        same = output is not None and output.samefile(file)
    except OSError:  # one of them is not there, which is said where it matters
        same = False
    if same:
        refuse(f"{output} is what is read here", "name another file to write to")


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; what is no file, such as /dev/stdout or a pipe, is written to and not replaced."""
    import tempfile

    data = content.encode() if isinstance(content, str) else content
    try:
        if path.is_dir():
            refuse(f"{path} is a folder", "name a file in it")
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        target = path.resolve()  # a link stays, what it points to is replaced
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".tmp")
        _unfinished.add(temporary)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            Path(temporary).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
            _unfinished.discard(temporary)
    except OSError as error:
        refuse(f"{path} cannot be written: {error.strerror}", "check the folder and its rights")


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder, which is made where it is missing; each is whole or not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{folder} cannot be a folder: {error.strerror}", "name another one")
    for name, text in files.items():
        write_file(folder / name, text)


def show_tables(tables: Iterable[Table], width: int) -> None:
    """Print titled rows: on a terminal as wide as it is, elsewhere without colour in `width` columns."""
    import io
    import sys

    from rich.console import Console

    from planner.report.terminal import print_tables

    if sys.stdout.isatty():
        print_tables(tables, Console(highlight=False))
        return
    stream = io.StringIO()
    print_tables(tables, Console(file=stream, width=width, highlight=False, color_system=None))
    typer.echo("\n".join(line.rstrip() for line in stream.getvalue().splitlines()))


_unfinished: set[str] = set()


def interrupted(*_: object) -> NoReturn:
    """End at once, leaving nothing half-done: an exception raised in the middle of an import may be swallowed there."""
    for temporary in _unfinished:
        Path(temporary).unlink(missing_ok=True)
    os._exit(130)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def fail(errors: InputErrors) -> NoReturn:
    """Tell all problems of the input and end with exit code 2."""
    problems = errors.problems
    for problem in problems[:MOST_SHOWN]:
        typer.echo(str(problem), err=True)
    if len(problems) > MOST_SHOWN:
        typer.echo(f"... and {len(problems) - MOST_SHOWN:,} more", err=True)
    typer.echo(f"{len(problems)} problem{'s' if len(problems) != 1 else ''}; nothing was written", err=True)
    raise typer.Exit(2)


def refuse(message: str, hint: str) -> NoReturn:
    """Tell what is wrong with a call and end with exit code 2."""
    say(message, err=True)
    if hint:
        say(f"    hint: {hint}", err=True)
    raise typer.Exit(2)


def say(line: str, err: bool = False) -> None:
    """Print a line that holds names from files or arguments."""
    from planner.errors import printable

    typer.echo(printable(line), err=err)

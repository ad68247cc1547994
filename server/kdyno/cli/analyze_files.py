# SPDX-License-Identifier: GPL-2.0-or-later
"""Files in and out of `kdyno analyze`: size limits, standard streams, and errors that name the file."""

import itertools
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

import typer

USAGE = 2
MIB = 1 << 20
MOST_BYTES = 64 * MIB
MOST_FILES = 1000
STREAM = "-"


class OutputFormat(StrEnum):
    """What an answer can be written as."""

    TEXT = "text"
    JSON = "json"
    PNG = "png"


class TextFormat(StrEnum):
    """What an answer without a picture can be written as."""

    TEXT = "text"
    JSON = "json"


def refuse(message: str) -> NoReturn:
    """End with what is wrong with the request, and status 2."""
    typer.echo(printable(f"kdyno: {message}"), err=True)
    raise typer.Exit(USAGE)


@contextmanager
def input_errors() -> Iterator[None]:
    """Errors about the content of a file end the command; whatever else goes wrong is a bug and shows itself as one."""
    from kdyno.analysis.documents.measured import DocumentError
    from kdyno.analysis.manifest import RulesError

    try:
        yield
    except (DocumentError, RulesError) as error:
        refuse(str(error))


def printable(text: str) -> str:
    """Text for a terminal: files may hold anything, escape sequences too."""
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)


def source_name(file: str) -> str:
    return "standard input" if file == STREAM else file


def lines_of(file: str) -> Iterator[str]:
    """Lines of a file or of standard input, as they come. Refuses what is no UTF-8 text, or too much of it."""
    name, left = source_name(file), MOST_BYTES
    try:
        with Path(file).open("rb") if file != STREAM else sys.stdin.buffer as stream:
            # a line may be as long as the whole file
            for number in itertools.count(1):
                line = stream.readline(left + 1)
                left -= len(line)
                if not line:
                    break
                if left < 0:
                    refuse(f"{name}: more than {MOST_BYTES // MIB} MiB")
                try:
                    yield line.decode("utf-8")
                except UnicodeDecodeError as error:
                    refuse(f"{name}: line {number}: byte {line[error.start]:#04x} is no UTF-8 text")
    except OSError as error:
        refuse(f"cannot read {name}: {error.strerror}")


def text_of(file: str) -> str:
    """A whole file."""
    return "".join(lines_of(file)).removeprefix("\ufeff")


def expanded(paths: Iterable[Path]) -> list[str]:
    """Files as they are given, and the *.json files of directories in the order of their names."""
    files: list[str] = []
    for path in paths:
        if path.is_dir():
            found = sorted(str(member) for member in path.glob("*.json"))
            if not found:
                refuse(f"{path}: no *.json file in this directory")
            files += found
        else:
            files.append(str(path))
    if len(files) > MOST_FILES:
        refuse(f"{len(files)} files; at most {MOST_FILES} are compared")
    return files


def chosen_format(wanted: OutputFormat | None, *, output: Path | None) -> OutputFormat:
    """The format asked for, else the one that the output's name ends in, else text."""
    suffix = output.suffix.removeprefix(".") if output else ""
    return wanted or (OutputFormat(suffix) if suffix in set(OutputFormat) else OutputFormat.TEXT)


def on_terminal() -> bool:
    return sys.stdout.isatty()


def write(content: str | bytes, *, output: Path | None, picture: str = "") -> None:
    """Write to a file, else to standard output. A picture meant for a terminal goes to the file `picture` instead."""
    if output is None and isinstance(content, bytes) and on_terminal():
        output = Path(picture)
        typer.echo(f"written to {output}", err=True)
    if output is None:
        if isinstance(content, bytes):
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
        else:
            typer.echo(printable(content), nl=False)
        return
    try:
        output.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace"))
    except OSError as error:
        refuse(f"cannot write {output}: {error.strerror}")

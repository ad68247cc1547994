# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a kernel build's output: how far it is, and the first thing that went wrong."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

CONTEXT_LINES = 6
_MESSAGE_CHARS = 400
_OBJECT = re.compile(r"  (?:CC|AS|CC \[M\]) +\S+\.[os]$")

# Tried in this order on each line; make's own "***" lines only count when nothing better is found.
_PRECISE = (
    re.compile(r"(?P<file>[^\s:]+):(?P<line>\d+):\d+: (?:fatal )?error: (?P<message>.+)"),  # gcc, clang
    re.compile(r"(?P<file>[^\s:]+):(?P<line>\d+): (?:fatal )?[Ee]rror: (?P<message>.+)"),  # as, older tools
    re.compile(r"(?P<file>[^\s:]*Kconfig[^\s:]*):(?P<line>\d+): ?(?P<message>.+)"),  # scripts/kconfig
    re.compile(r"(?P<file>[^\s:]*Makefile[^\s:]*|[^\s:]*Kbuild):(?P<line>\d+): \*\*\* (?P<message>.+)"),  # make syntax
    re.compile(
        r"(?:\S*ld: )?(?:\S+\.o: in function .*: )?(?P<file>[^\s:]+\.[chSo]):\(?(?P<line>)[^)]*\)?: "
        r"(?P<message>(?:undefined reference|multiple definition|relocation).+)"
    ),  # ld
    re.compile(r"\S*ld(?:\.bfd|\.lld)?: (?P<file>)(?P<line>)(?P<message>(?!warning:|.*in function).+)"),  # ld, no place
    re.compile(r"(?P<file>[^\s:]+\.o): (?P<line>)(?:error: objtool: |objtool: .*: error: )(?P<message>.+)"),
    re.compile(r"ERROR: (?P<file>)(?P<line>)(?P<message>modpost: .+)"),
    re.compile(r"(?P<file>)(?P<line>)error: (?P<message>.+)"),
)
_FALLBACK = (
    re.compile(r"make(?:\[\d+\])?: \*\*\* (?:\[(?P<file>[^\s:\]]+):(?P<line>\d+): )?(?P<message>.+)"),
    re.compile(r"(?P<file>)(?P<line>)(?P<message>.*: (?:not found|Permission denied|No such file or directory).*)"),
)


@dataclass(frozen=True)
class FirstError:
    """The first error of a build. `line` is None where the tool names no line, `file` may be empty."""

    file: str
    line: int | None
    message: str
    context: tuple[str, ...]

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        return f"{place}: {self.message}" if place else self.message


def compiled_object(line: str) -> bool:
    """Whether make says that it compiles one object of the kernel."""
    return _OBJECT.match(line) is not None


def first_error(lines: Iterable[str], *, source_prefix: str = "/build/src/") -> FirstError | None:
    """The first error with a place, else make's first complaint; None when the log has neither."""
    log = [line.rstrip("\n") for line in lines]
    for patterns in (_PRECISE, _FALLBACK):
        for index, line in enumerate(log):
            for pattern in patterns:
                if match := pattern.fullmatch(line):
                    return _found(match, log, index, source_prefix)
    return None


def _found(match: re.Match[str], log: list[str], index: int, source_prefix: str) -> FirstError:
    file = (match["file"] or "").removeprefix(source_prefix)
    while file.startswith("../"):
        file = file.removeprefix("../")
    return FirstError(
        file=file,
        line=int(match["line"]) if match["line"] else None,
        message=match["message"].strip()[:_MESSAGE_CHARS],
        context=tuple(text[:_MESSAGE_CHARS] for text in log[index : index + CONTEXT_LINES]),
    )

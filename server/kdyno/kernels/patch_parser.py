# SPDX-License-Identifier: GPL-2.0-or-later
"""Patches from strangers: parsed and judged before git ever sees them. The answer is a Patchset or a precise error."""

import re
from dataclasses import dataclass
from typing import NoReturn

from kdyno.kernels.errors import PatchError
from kdyno.kernels.patch_mail import decode, parse_mail
from kdyno.kernels.patchset import NULL_PATH, ChangeKind, FileDiff, Hunk, Patch, Patchset

KIB = 1024
FILE_MODES = frozenset({"100644", "100755"})

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)", re.DOTALL)
_GIT_HEADER = re.compile(rb"diff --git (\S+) (\S+)")
_MBOX_FROM = re.compile(rb"From \S+ .*\d{2}:\d{2}:\d{2}.* \d{4}.*")
_EXTENDED = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|"
    rb"similarity index|dissimilarity index|index) (.+)"
)
_BINARY = re.compile(rb"GIT binary patch|Binary files .* differ|Files .* and .* differ")


@dataclass(frozen=True)
class PatchLimits:
    """How much a stranger may send."""

    size_bytes: int = 1024 * KIB
    patches: int = 100
    files: int = 500
    hunks: int = 5000
    line_bytes: int = 16 * KIB


def parse_patchset(data: bytes, *, limits: PatchLimits | None = None) -> Patchset:
    """Read a plain diff, a `git format-patch` mail, or several in one file; raise PatchError on anything else."""
    limits = limits or PatchLimits()
    if len(data) > limits.size_bytes:
        raise PatchError(f"the patch has {len(data)} bytes; at most {limits.size_bytes} are taken")
    if not data.strip():
        raise PatchError("the patch is empty")
    if b"\0" in data:
        raise PatchError("the patch holds NUL bytes: binary or UTF-16 text is not taken, send UTF-8 or Latin-1")
    patchset = Patchset(patches=tuple(_Parser(_lines_of(data), limits).parse()))
    if not patchset.patches:
        raise PatchError("this is no patch: it has no 'diff --git' and no '---'/'+++' header followed by a '@@' hunk")
    return patchset


def _lines_of(data: bytes) -> list[bytes]:
    """Lines without their ends. A paste into a web form makes every end CRLF: that is undone, a mixture is kept."""
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    body = lines if data.endswith(b"\n") else lines[:-1]
    if body and all(line.endswith(b"\r") for line in body):
        return [line.removesuffix(b"\r") for line in lines]
    return lines


class _Parser:
    """Walks over the lines once; `position` is the line looked at, counted from 0."""

    def __init__(self, lines: list[bytes], limits: PatchLimits) -> None:
        self.lines = lines
        self.limits = limits
        self.position = 0
        self.hunks_seen = 0
        self.files_seen = 0

    def parse(self) -> list[Patch]:
        patches: list[Patch] = []
        files: list[FileDiff] = []
        mail_lines: list[bytes] = []
        while (line := self.peek()) is not None:
            if files and _MBOX_FROM.fullmatch(line):
                patches.append(self.finished(files, mail_lines))
                files, mail_lines = [], []
            if self.at_file():
                files.append(self.file())
                continue
            if not files:
                mail_lines.append(line)
            self.position += 1
        if files:
            patches.append(self.finished(files, mail_lines))
        if len(patches) > self.limits.patches:
            raise PatchError(f"{len(patches)} patches in one upload; at most {self.limits.patches} are taken")
        return patches

    def finished(self, files: list[FileDiff], mail_lines: list[bytes]) -> Patch:
        names = [name for file in files for name in file.touched]
        repeated = next((name for name in names if names.count(name) > 1), None) if len(names) < 5000 else None
        if repeated is not None:
            raise PatchError(f"one patch changes {repeated} twice; split it into a series or join the two parts")
        return Patch(mail=parse_mail(mail_lines), files=tuple(files))

    def peek(self, ahead: int = 0) -> bytes | None:
        index = self.position + ahead
        return self.lines[index] if index < len(self.lines) else None

    def fail(self, reason: str) -> NoReturn:
        raise PatchError(f"line {self.position + 1} of the patch: {reason}")

    def at_file(self) -> bool:
        line = self.peek() or b""
        if line.startswith(b"diff --git "):
            return True
        if line.startswith((b"diff --cc ", b"diff --combined ")):
            self.fail("a merge's combined diff cannot be applied; send the diff against one parent")
        if _BINARY.fullmatch(line):
            self.fail("binary changes are not taken")
        following = self.peek(1) or b""
        if line.startswith(b"--- ") and following.startswith(b"+++ "):
            return True
        if line.startswith(b"@@ -") and _HUNK.fullmatch(line):
            self.fail("a hunk without a '---'/'+++' header before it: which file is it for?")
        return False

    def file(self) -> FileDiff:
        self.files_seen += 1
        if self.files_seen > self.limits.files:
            raise PatchError(f"the patch touches more than {self.limits.files} files")
        start = self.position
        names: tuple[str, str] | None = None
        extended: dict[str, str] = {}
        if (line := self.peek() or b"").startswith(b"diff --git "):
            names = self.git_names(line)
            self.position += 1
            extended = self.extended_headers()
        old, new = self.file_names(names, extended)
        hunks = self.hunks(f"{new or old}")
        return self.classified(start, old=old, new=new, extended=extended, hunks=hunks)

    def git_names(self, line: bytes) -> tuple[str, str]:
        match = _GIT_HEADER.fullmatch(line.rstrip())
        if match is None:
            self.fail("cannot read the two paths; quoted paths and paths with spaces are not taken")
        return self.path(match[1]), self.path(match[2])

    def extended_headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while (line := self.peek()) is not None:
            if _BINARY.fullmatch(line):
                self.fail("binary changes are not taken")
            match = _EXTENDED.fullmatch(line)
            if match is None:
                return found
            key, value = match[1].decode(), match[2]
            if key in found:
                self.fail(f"'{key}' is given twice")
            if key.startswith(("rename", "copy")):
                found[key] = self.path(b"a/" + value)
            else:
                found[key] = decode(value).strip()
                self.check_mode(key, found[key])
            self.position += 1
        return found

    def check_mode(self, key: str, value: str) -> None:
        mode = value if "mode" in key else value.partition(" ")[2] if key == "index" else ""
        if mode.startswith("12"):
            self.fail("symbolic links are not taken")
        if mode.startswith("16"):
            self.fail("submodules are not taken")
        if mode and mode not in FILE_MODES:
            self.fail(f"file mode {mode!r} is not taken; only {' and '.join(sorted(FILE_MODES))} are")

    def file_names(self, names: tuple[str, str] | None, extended: dict[str, str]) -> tuple[str | None, str | None]:
        """The two paths, None for /dev/null; checks that all places that name them agree."""
        if not (self.peek() or b"").startswith(b"--- ") or not (self.peek(1) or b"").startswith(b"+++ "):
            if names is None or (self.peek() or b"").startswith(b"@@ "):
                self.fail("'--- path' and '+++ path' are expected here")
            old: str | None = None if "new file mode" in extended else names[0]
            new: str | None = None if "deleted file mode" in extended else names[1]
            return old, new
        old = self.header_path(b"--- ")
        self.position += 1
        new = self.header_path(b"+++ ")
        if names is not None and (old not in (None, names[0]) or new not in (None, names[1])):
            self.fail("the '---'/'+++' lines and the 'diff --git' line name different files")
        self.position += 1
        if old is None and new is None:
            self.fail("both sides are /dev/null")
        return old, new

    def header_path(self, prefix: bytes) -> str | None:
        raw = (self.peek() or b"").removeprefix(prefix).partition(b"\t")[0].rstrip()
        return None if raw == NULL_PATH else self.path(raw)

    def path(self, raw: bytes) -> str:
        """Strip the first folder (`a/`, `b/`) and refuse whatever could leave the source tree."""
        if raw.startswith(b'"'):
            self.fail("quoted paths are not taken")
        if raw.startswith(b"/"):
            self.fail(f"the absolute path {decode(raw)!r} is refused")
        try:
            _, slash, path = raw.decode("utf-8").partition("/")
        except UnicodeDecodeError:
            self.fail("a path is not UTF-8")
        if not slash or not path:
            self.fail(f"the path {decode(raw)!r} has no leading folder to strip, such as a/ or b/ (patch -p1 form)")
        parts = path.split("/")
        if ".." in parts or "." in parts or "" in parts:
            self.fail(f"the path {path!r} is refused: it would leave the source tree or is not in plain form")
        if any(part.lower().startswith(".git") and part.lower() in (".git", ".gitmodules") for part in parts):
            self.fail(f"the path {path!r} is refused: it belongs to git")
        if len(raw) > 1024 or not path.isprintable() or re.search(r'[\s"\\]', path):
            self.fail(f"the path {path[:80]!r} is refused: too long, or with spaces, quotes or control characters")
        return path

    def hunks(self, name: str) -> tuple[Hunk, ...]:
        found: list[Hunk] = []
        while (line := self.peek()) is not None and line.startswith(b"@@"):
            if line.startswith(b"@@@"):
                self.fail("a merge's combined diff cannot be applied; send the diff against one parent")
            match = _HUNK.fullmatch(line)
            if match is None:
                self.fail(f"hunk {len(found) + 1} of {name}: the header is not '@@ -line,count +line,count @@'")
            self.hunks_seen += 1
            if self.hunks_seen > self.limits.hunks:
                raise PatchError(f"the patch has more than {self.limits.hunks} hunks")
            found.append(self.hunk(match, number=len(found) + 1, name=name))
        return tuple(found)

    def hunk(self, match: re.Match[bytes], *, number: int, name: str) -> Hunk:
        old_start, new_start = int(match[1]), int(match[3])
        old_count, new_count = int(match[2] or b"1"), int(match[4] or b"1")
        at_line = self.position + 1
        self.position += 1
        old_left, new_left = old_count, new_count
        lines: list[bytes] = []
        while old_left or new_left or (self.peek() or b"").startswith(b"\\ "):
            line = self.peek()
            kind = line[:1] if line else b" "
            if line is None or kind not in (b" ", b"+", b"-", b"\\"):
                self.fail(
                    f"hunk {number} of {name} is cut short: its header announces {old_count} old and {new_count} new "
                    f"lines, {old_left} and {new_left} are missing"
                )
            if len(line) > self.limits.line_bytes:
                self.fail(f"a line has more than {self.limits.line_bytes} bytes")
            lines.append(line or b" ")
            old_left -= kind in (b" ", b"-")
            new_left -= kind in (b" ", b"+")
            if old_left < 0 or new_left < 0:
                self.fail(f"hunk {number} of {name} has more lines than its header announces")
            self.position += 1
        self.check_end(number, name)
        if not any(line[:1] in (b"+", b"-") for line in lines):
            self.fail(f"hunk {number} of {name} changes nothing")
        return Hunk(number, old_start, old_count, new_start, new_count, tuple(lines), at_line)

    def check_end(self, number: int, name: str) -> None:
        line = self.peek() or b""
        signature = line.rstrip() == b"--"
        next_file = line.startswith(b"--- ") and (self.peek(1) or b"").startswith(b"+++ ")
        if line[:1] in (b"+", b"-") and not signature and not next_file:
            self.fail(f"hunk {number} of {name} has more lines than its header announces")

    def classified(
        self, start: int, *, old: str | None, new: str | None, extended: dict[str, str], hunks: tuple[Hunk, ...]
    ) -> FileDiff:
        """Put together one file's diff and refuse combinations that make no sense."""
        old_mode, new_mode = extended.get("old mode"), extended.get("new mode")
        kind = ChangeKind.MODIFY
        for verb in (ChangeKind.RENAME, ChangeKind.COPY):
            if f"{verb} from" in extended or f"{verb} to" in extended:
                if (extended.get(f"{verb} from"), extended.get(f"{verb} to")) != (old, new):
                    self.fail(f"the '{verb}' lines do not agree with the paths of the diff")
                kind = verb
        if old is None or "new file mode" in extended:
            kind, old, new_mode = ChangeKind.CREATE, new, extended.get("new file mode", "100644")
        elif new is None or "deleted file mode" in extended:
            kind, new, old_mode = ChangeKind.DELETE, old, extended.get("deleted file mode", "100644")
        if old is None or new is None or (old != new and kind not in (ChangeKind.RENAME, ChangeKind.COPY)):
            self.fail(f"the two paths differ ({old} and {new}) and it is not said to be a rename")
        if not hunks and kind is ChangeKind.MODIFY and not (old_mode and new_mode):
            self.position = start
            self.fail(f"nothing changes in {new}: no hunk follows")
        if kind is ChangeKind.MODIFY and (old_mode is None) != (new_mode is None):
            self.fail("'old mode' and 'new mode' come together or not at all")
        return FileDiff(kind=kind, old_path=old, new_path=new, old_mode=old_mode, new_mode=new_mode, hunks=hunks)

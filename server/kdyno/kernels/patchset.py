# SPDX-License-Identifier: GPL-2.0-or-later
"""What a patch is once it is understood: files, hunks, one canonical spelling, and a hash of what it changes.

What git is given is never the sender's text but `render()` of what `patch_parser` understood, so nothing can mean one
thing to the parser and another to git.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from kdyno.kernels.patch_mail import Mail

NULL_PATH = b"/dev/null"


class ChangeKind(StrEnum):
    """What a file's diff does to the file."""

    MODIFY = "modify"
    CREATE = "create"
    DELETE = "delete"
    RENAME = "rename"
    COPY = "copy"


@dataclass(frozen=True)
class Hunk:
    """One `@@` block. `lines` keep their first character; `number` counts from 1 within the file."""

    number: int
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[bytes, ...]
    at_line: int = field(default=0, compare=False)

    @property
    def header(self) -> str:
        return f"@@ -{self.old_start},{self.old_count} +{self.new_start},{self.new_count} @@"

    @property
    def old_lines(self) -> tuple[bytes, ...]:
        """The lines that must be in the file for the hunk to apply."""
        return tuple(line[1:] for line in self.lines if line[:1] in (b" ", b"-"))


@dataclass(frozen=True)
class FileDiff:
    """What a patch does to one file. Paths are relative to the source tree; modes are None where they do not change."""

    kind: ChangeKind
    old_path: str
    new_path: str
    old_mode: str | None
    new_mode: str | None
    hunks: tuple[Hunk, ...]

    @property
    def path(self) -> str:
        """The name to show: the file as it is called before the patch, if it is there before."""
        return self.new_path if self.kind is ChangeKind.CREATE else self.old_path

    @property
    def touched(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.old_path, self.new_path)))


@dataclass(frozen=True)
class Patch:
    """One patch of a series: what its mail says, and what it changes."""

    mail: Mail
    files: tuple[FileDiff, ...]


@dataclass(frozen=True)
class Patchset:
    """A whole upload, patches in the order they apply."""

    patches: tuple[Patch, ...]

    @property
    def digest(self) -> str:
        return patchset_hash(self)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path it touches, sorted."""
        return tuple(sorted({path for patch in self.patches for file in patch.files for path in file.touched}))

    @property
    def subject(self) -> str:
        return next((patch.mail.subject for patch in self.patches if patch.mail.subject), "")

    def line_counts(self) -> tuple[int, int]:
        """Lines added and removed."""
        lines = [line for p in self.patches for file in p.files for hunk in file.hunks for line in hunk.lines]
        return sum(line[:1] == b"+" for line in lines), sum(line[:1] == b"-" for line in lines)


def patchset_hash(patchset: Patchset) -> str:
    """Content hash of what the set changes, in the order it changes it.

    Covers each patch's files (sorted by path): kind, paths, modes, and hunks with their old line numbers. Mail headers,
    messages, index lines and the function name after `@@` are left out, so a re-sent mail is the same patchset.
    """
    hasher = hashlib.sha256()
    for patch in patchset.patches:
        hasher.update(b"patch\n")
        for file in sorted(patch.files, key=lambda file: (file.old_path, file.new_path)):
            hasher.update(render_file(file))
    return hasher.hexdigest()


def render(patch: Patch) -> bytes:
    """The patch in one canonical spelling, for git."""
    return b"".join(render_file(file) for file in patch.files)


def render_file(file: FileDiff) -> bytes:
    """One file's diff in canonical spelling."""
    old, new = file.old_path.encode(), file.new_path.encode()
    out = [b"diff --git a/" + old + b" b/" + new]
    match file.kind:
        case ChangeKind.CREATE:
            out.append(f"new file mode {file.new_mode}".encode())
        case ChangeKind.DELETE:
            out.append(f"deleted file mode {file.old_mode}".encode())
        case _:
            if file.old_mode and file.new_mode:
                out += [f"old mode {file.old_mode}".encode(), f"new mode {file.new_mode}".encode()]
    if file.kind in (ChangeKind.RENAME, ChangeKind.COPY):
        verb = file.kind.value.encode()
        out += [verb + b" from " + old, verb + b" to " + new]
    if file.hunks:
        out.append(b"--- " + (NULL_PATH if file.kind is ChangeKind.CREATE else b"a/" + old))
        out.append(b"+++ " + (NULL_PATH if file.kind is ChangeKind.DELETE else b"b/" + new))
    for hunk in file.hunks:
        out.append(hunk.header.encode())
        out.extend(hunk.lines)
    return b"\n".join(out) + b"\n"

# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rest of kdyno does with patches: read one, name it by its content, try it on a commit, see what it makes."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from kdyno.kernels.errors import BuildHostError, PatchError
from kdyno.kernels.git import GitFailed, git
from kdyno.kernels.patch_mail import decode
from kdyno.kernels.patch_parser import PatchLimits, parse_patchset
from kdyno.kernels.patchset import ChangeKind, FileDiff, Patch, Patchset, patchset_hash, render

__all__ = ["FileChange", "HunkFailure", "PatchDoesNotApply", "Patchset", "apply", "check_applies", "parse_patch"]
__all__ += ["patchset_hash"]

_SHOWN_CHARS = 120
_SHOWN_FAILURES = 5


@dataclass(frozen=True)
class FileChange:
    """What a patchset makes of one file: its new content and mode, or None for both when it deletes the file."""

    path: str
    mode: str | None
    content: bytes | None


@dataclass(frozen=True)
class HunkFailure:
    """Why one file, or one hunk of it, does not apply. Lines count from 1; `file_line` is the place in the source file
    that comes nearest to what the hunk expects."""

    path: str
    reason: str
    hunk: int | None = None
    header: str = ""
    patch_line: int = 0
    file_line: int = 0
    expected: tuple[str, ...] = field(default=())
    found: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        if self.hunk is None:
            return f"{self.path}: {self.reason}"
        return f"{self.path}: hunk {self.hunk} ({self.header}, line {self.patch_line} of the patch): {self.reason}"


class PatchDoesNotApply(PatchError):
    """The patch is well formed, and does not fit this commit."""

    def __init__(self, prefix: str, *, failures: Sequence[HunkFailure]) -> None:
        super().__init__(prefix + "; ".join(str(failure) for failure in failures))
        self.failures = tuple(failures)


def parse_patch(data: bytes, *, max_bytes: int | None = None) -> Patchset:
    """Read an upload: a plain diff, a `git format-patch` mail, or a series of them in one file.

    Raises:
        PatchError: saying which line is wrong, or what is refused.
    """
    limits = PatchLimits() if max_bytes is None else PatchLimits(size_bytes=max_bytes)
    return parse_patchset(data, limits=limits)


def check_applies(repo: Path, commit: str, patchset: Patchset) -> None:
    """Try the patchset on a commit of a bare repository, without a work tree and without writing to the repository.

    Raises:
        PatchDoesNotApply: naming file, hunk and the lines that differ.
    """
    apply(repo, commit, patchset)


def apply(repo: Path, commit: str, patchset: Patchset) -> tuple[FileChange, ...]:
    """The files as the patchset leaves them, only those that end up changed."""
    with tempfile.TemporaryDirectory(prefix="kdyno-patch-") as scratch:
        bench = _Bench(repo, commit, Path(scratch))
        before = bench.load(patchset.paths)
        for number, patch in enumerate(patchset.patches, start=1):
            title = f" ({patch.mail.subject})" if patch.mail.subject else ""
            prefix = f"patch {number} of {len(patchset.patches)}{title}: " if len(patchset.patches) > 1 else ""
            bench.apply(patch, prefix=prefix)
        after = bench.entries()
        changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        return tuple(
            FileChange(path=path, mode=after[path][0], content=bench.blob(path))
            if path in after
            else FileChange(path=path, mode=None, content=None)
            for path in changed
        )


class _Bench:
    """A temporary index that holds only the touched files, and a temporary object store over the repository's own."""

    def __init__(self, repo: Path, commit: str, scratch: Path) -> None:
        self.repo = repo.resolve()
        self.commit = commit
        alternates = str(self.repo / "objects").replace("\\", "\\\\").replace('"', '\\"')
        (scratch / "objects").mkdir()
        self.env = {
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{alternates}"',
            "GIT_WORK_TREE": str(scratch),
            "GIT_LITERAL_PATHSPECS": "1",
        }

    def git(self, *arguments: str, data: bytes = b"") -> bytes:
        return git(arguments, repo=self.repo, data=data, extra_env=self.env)

    def load(self, paths: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Put the touched files, as the commit has them, into the index."""
        self.refuse_odd_parents(paths)
        try:
            listing = self.git("ls-tree", "-z", "--full-tree", self.commit, "--", *paths)
            info = b""
            for record in filter(None, listing.split(b"\0")):
                facts, _, path = record.partition(b"\t")
                mode, kind, _ = facts.split(b" ")
                if kind != b"blob" or mode == b"120000":
                    what = {b"tree": "a folder", b"commit": "a submodule"}.get(kind, "a symbolic link")
                    raise PatchError(
                        f"{decode(path)} is {what} in the source tree; patches may change plain files only"
                    )
                info += facts.replace(b" blob ", b" ") + b"\t" + path + b"\0"
            self.git("update-index", "-z", "--index-info", data=info)
        except GitFailed as error:
            raise BuildHostError(f"cannot read commit {self.commit}: {error}") from error
        return self.entries()

    def refuse_odd_parents(self, paths: Sequence[str]) -> None:
        """No path may lead through something that is not a folder, such as a symbolic link."""
        parents = sorted({str(parent) for path in paths for parent in PurePosixPath(path).parents if parent.name})
        asked = "".join(f"{self.commit}:{parent}\n" for parent in parents)
        answers = self.git("cat-file", "--batch-check=%(objecttype)", data=asked.encode()).decode().splitlines()
        for parent, answer in zip(parents, answers, strict=True):
            if answer != "tree" and not answer.endswith(" missing"):
                raise PatchError(f"{parent} is no folder in the source tree, and the patch changes a file below it")

    def entries(self) -> dict[str, tuple[str, str]]:
        """Path → (mode, object id) of the index."""
        found = {}
        for record in filter(None, self.git("ls-files", "--stage", "-z").split(b"\0")):
            facts, _, path = record.partition(b"\t")
            mode, object_id, _ = facts.decode().split(" ")
            found[path.decode()] = (mode, object_id)
        return found

    def blob(self, path: str) -> bytes:
        return self.git("cat-file", "blob", f":0:{path}")

    def apply(self, patch: Patch, *, prefix: str) -> None:
        try:
            self.git("apply", "--cached", "--whitespace=nowarn", "-p1", "-", data=render(patch))
        except GitFailed as error:
            failures = self.diagnose(patch)
            if not failures:
                raise PatchError(f"{prefix}git does not apply it: {error.stderr.strip()[:500]}") from error
            raise PatchDoesNotApply(prefix, failures=failures) from error

    def diagnose(self, patch: Patch) -> list[HunkFailure]:
        present = self.entries()
        failures = []
        for file in patch.files:
            if file.kind in (ChangeKind.CREATE, ChangeKind.RENAME, ChangeKind.COPY) and file.new_path in present:
                failures.append(HunkFailure(file.new_path, "the patch creates this file, and it exists already"))
            elif file.kind is not ChangeKind.CREATE and file.old_path not in present:
                failures.append(HunkFailure(file.old_path, "this file does not exist at the base commit"))
            elif file.kind is not ChangeKind.CREATE:
                failures += diagnose_hunks(file, self.blob(file.old_path))
        return failures


def diagnose_hunks(file: FileDiff, content: bytes) -> list[HunkFailure]:
    """The hunks of one file whose old lines are not found in its content, in order; git's own rule, put into words."""
    have = content.split(b"\n")
    if have[-1] == b"":
        have.pop()
    failures: list[HunkFailure] = []
    shift = 0
    floor = 0
    for hunk in file.hunks:
        want = list(hunk.old_lines)
        start = max(0, hunk.old_start - 1 + shift) if want else 0
        fitting = _fitting(have, want, around=start, floor=floor)
        if fitting is not None:
            shift, floor = fitting - (hunk.old_start - 1), fitting + len(want)
            continue
        if len(failures) == _SHOWN_FAILURES:
            return failures
        at = _nearest(have, want, around=start)
        differing = next((i for i, line in enumerate(want) if at + i >= len(have) or have[at + i] != line), 0)
        found_line = _shown(have[at + differing]) if at + differing < len(have) else "the end of the file"
        place = f"at line {at + differing + 1} it expects {_shown(want[differing]) if want else 'nothing'}"
        failures.append(
            HunkFailure(
                path=file.path,
                reason=f"the context differs: {place}, the file has {found_line}",
                hunk=hunk.number,
                header=hunk.header,
                patch_line=hunk.at_line,
                file_line=at + differing + 1,
                expected=tuple(decode(line) for line in want),
                found=tuple(decode(line) for line in have[at : at + len(want)]),
            )
        )
    return failures


def _fitting(have: list[bytes], want: list[bytes], *, around: int, floor: int) -> int | None:
    """The place nearest to `around`, not before `floor`, where all wanted lines are."""
    last = len(have) - len(want)
    for distance in range(max(around - floor, last - around) + 1):
        for at in {around - distance, around + distance}:
            if floor <= at <= last and have[at : at + len(want)] == want:
                return at
    return None


def _nearest(have: list[bytes], want: list[bytes], *, around: int) -> int:
    """Where most of the wanted lines agree, looking 200 lines up and down from where the hunk points."""
    low, high = max(0, around - 200), min(len(have), around + 200)
    agreeing = {
        at: sum(line == other for line, other in zip(want, have[at : at + len(want)], strict=False))
        for at in range(low, high + 1)
    }
    fallback = min(around, max(0, len(have) - 1))
    return max(agreeing, key=lambda at: (agreeing[at], -abs(at - around)), default=fallback)


def _shown(line: bytes) -> str:
    return repr(decode(line)[:_SHOWN_CHARS])

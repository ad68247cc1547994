# SPDX-License-Identifier: GPL-2.0-or-later
"""One warm tree: sources checked out at a base commit and the objects built from exactly these sources.

Only unpatched builds write the objects. A patched build gets a copy, so that nothing a stranger's patch does while it
is built can end up in somebody else's kernel; and because the objects never saw the patch, its files get their old
dates back afterwards and nothing needs to be compiled again. The sources are changed by this module alone: inside the
sandbox they are read-only.

Every change is announced in `state.json` before it is made. A builder that dies leaves the announcement, and the next
one makes good what it finds; the lock goes with the dead process.
"""

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from kdyno.kernels.errors import BuildHostError
from kdyno.kernels.git import GitFailed, git
from kdyno.kernels.patches import FileChange

LOCK_POLL_S = 0.2
CHECKOUT_TIMEOUT_S = 1800.0
# A file that was being written when the builder died carries a date not much older than the newest one in the tree;
# after a power cut so do files the system had not flushed yet. Everything this young is built again.
UNTRUSTED_S = 120


@dataclass(frozen=True)
class PatchedFile:
    """A source file changed for a build; `mtime_ns` is its date at the base commit, None when it did not exist."""

    path: str
    mtime_ns: int | None


@dataclass(frozen=True)
class WarmState:
    """What `state.json` knows."""

    commit: str = ""  # what the sources are at
    moving: bool = False  # a checkout was under way
    patched: tuple[PatchedFile, ...] = ()  # what a patched build changed and has to put back
    built: str = ""  # fingerprint of what the objects were built from, empty when they are incomplete
    building: bool = False  # an unpatched build was under way
    cold_objects: int | None = None  # compiled by the last build from nothing
    patched_objects: int | None = None  # compiled by the last patched build


class WarmTree:
    """Paths of one warm tree, and the only code that changes them. Everything but `locked` needs the lock."""

    def __init__(self, folder: Path, *, repo: Path) -> None:
        self.folder = folder
        self.repo = repo
        self.src = folder / "src"
        self.obj = folder / "obj"
        self.scratch = folder / "scratch"
        self.state = WarmState()

    @contextmanager
    def locked(self, *, cancelled: Callable[[], bool], on_wait: Callable[[], None]) -> Iterator[bool]:
        """Hold the tree; yields False when cancelled while waiting. The kernel drops the lock of a dead process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if cancelled():
                        yield False
                        return
                    on_wait()
                    time.sleep(LOCK_POLL_S)
            self.state = self._load()
            self.repair()
            yield True

    def repair(self) -> None:
        """Make good what a dead builder left."""
        remove_folder(self.scratch)
        self.unpatch()
        if self.state.moving:
            # Half a checkout: which files are old and which new is anybody's guess.
            remove_folder(self.src)
            (self.folder / "index").unlink(missing_ok=True)
            (self.folder / "index.lock").unlink(missing_ok=True)
            self._save(commit="", moving=False)
        if self.state.building:
            drop_untrusted_objects(self.obj)
            self._save(building=False, built="")

    def checkout(self, commit: str) -> None:
        """Bring the sources to a commit; files that do not differ keep their dates."""
        if self.state.commit == commit:
            return
        self._save(moving=True, built="")
        self.src.mkdir(exist_ok=True)
        self.src.chmod(0o755)
        try:
            self._git("read-tree", "--reset", "-u", commit)
        except GitFailed as error:
            raise BuildHostError(f"cannot check out {commit}: {error}") from error
        self._save(commit=commit, moving=False)

    def patch(self, changes: Sequence[FileChange]) -> None:
        """Write the patched files into the sources."""
        before = []
        for change in changes:
            path = self._inside(change.path)
            before.append(PatchedFile(change.path, path.lstat().st_mtime_ns if path.exists() else None))
        self._save(patched=tuple(before))
        for change in changes:
            self._write(self._inside(change.path), change)

    def unpatch(self) -> None:
        """Put the patched files back as they are at the commit, dates included."""
        for file in self.state.patched:
            path = self._inside(file.path)
            if file.mtime_ns is None:
                self._write(path, FileChange(file.path, None, None))
                continue
            mode = self._git("ls-tree", "--format=%(objectmode)", self.state.commit, "--", file.path).decode().strip()
            content = self._git("cat-file", "blob", f"{self.state.commit}:{file.path}")
            self._write(path, FileChange(file.path, mode, content))
            os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
        if self.state.patched:
            self._save(patched=())

    def begin_base(self) -> bool:
        """Announce an unpatched build; True when it starts from nothing."""
        self._save(building=True, built="")
        cold = not self.obj.exists() or not any(self.obj.iterdir())
        self.obj.mkdir(exist_ok=True)
        return cold

    def end_base(self, *, built: str, cold_objects: int | None) -> None:
        """The objects are whole: `built` is their fingerprint, empty when make gave up by itself."""
        known = self.state.cold_objects if cold_objects is None else cold_objects
        self._save(building=False, built=built, cold_objects=known)

    def copy_objects(self) -> Path:
        """A copy of the objects for a patched build to work on."""
        remove_folder(self.scratch)
        _system(["cp", "-a", "--reflink=auto", "--", str(self.obj), str(self.scratch)])
        return self.scratch

    def drop_copy(self, *, objects: int | None) -> None:
        """Throw the copy away; `objects` is how many a complete patched build compiled."""
        remove_folder(self.scratch)
        if objects is not None:
            self._save(patched_objects=objects)

    def _git(self, *arguments: str) -> bytes:
        index = {"GIT_INDEX_FILE": str(self.folder / "index"), "GIT_LITERAL_PATHSPECS": "1"}
        target = [f"--work-tree={self.src}"]
        return git([*target, *arguments], repo=self.repo, extra_env=index, cwd=self.src, timeout_s=CHECKOUT_TIMEOUT_S)

    def _inside(self, path: str) -> Path:
        """The place of a source file; patches were checked not to lead elsewhere, the tree itself may hold links."""
        full = self.src / path
        if not full.parent.resolve().is_relative_to(self.src.resolve()) or full.is_symlink():
            raise BuildHostError(f"{path} leads out of the source tree")
        return full

    def _write(self, path: Path, change: FileChange) -> None:
        if change.content is None:
            path.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self.src or not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()
            return
        for parent in reversed(path.parents):
            if parent.is_relative_to(self.src) and not parent.exists():
                parent.mkdir(mode=0o755)
                parent.chmod(0o755)
        temporary = self.folder / "patched.new"
        temporary.write_bytes(change.content)
        temporary.chmod(0o755 if change.mode == "100755" else 0o644)
        temporary.replace(path)

    def _load(self) -> WarmState:
        path = self.folder / "state.json"
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            raw["patched"] = tuple(PatchedFile(**file) for file in raw["patched"])
            return WarmState(**raw)
        except FileNotFoundError:
            return WarmState(moving=self.src.exists(), building=self.obj.exists())
        except (ValueError, TypeError, KeyError):
            # Of another version, or damaged: trust nothing.
            remove_folder(self.obj)
            return WarmState(moving=True)

    def _save(self, **changes: object) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]  # the fields' own types, by name
        write_atomically(self.folder / "state.json", json.dumps(asdict(self.state), indent=1).encode())


def drop_untrusted_objects(obj: Path, *, untrusted_s: float = UNTRUSTED_S) -> int:
    """Delete every file that may have been half written when the builder died; returns how many."""
    dates: list[tuple[float, str]] = []
    for folder, _, names in os.walk(obj):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - thousands of files
            dates.append((os.lstat(path).st_mtime, path))
    if not dates:
        return 0
    oldest_untrusted = max(dates)[0] - untrusted_s
    young = [path for date, path in dates if date >= oldest_untrusted]
    for path in young:
        os.unlink(path)  # noqa: PTH108 - as above
    return len(young)


def remove_folder(folder: Path) -> None:
    """Remove a folder whatever is in it: odd modes, deep nesting, links (not followed)."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.unlink()
    elif folder.exists():
        subprocess.run(["chmod", "-R", "u+rwX", "--", str(folder)], capture_output=True, check=False)
        _system(["rm", "-rf", "--", str(folder)])


def write_atomically(path: Path, content: bytes) -> None:
    """All of the new content or all of the old, also after a power cut."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _system(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BuildHostError(f"{command[0]} failed on the build host: {done.stderr.strip()[:500]}")

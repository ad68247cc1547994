# SPDX-License-Identifier: GPL-2.0-or-later
"""Source trees: bare git repositories, mirrored from somewhere or imported from a source archive."""

import difflib
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from kdyno.kernels.errors import BuildHostError, RevisionError, TreeError
from kdyno.kernels.git import ALLOWED_PROTOCOLS, GitFailed, environment, git

TREE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,47}")
REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/~^@{}+-]{0,199}")
MIRROR_TIMEOUT_S = 4 * 3600.0
DEFAULT_REF = "refs/heads/main"
IMPORTER = "kdyno <kdyno@localhost>"
_DECOMPRESSORS = {b"\xfd7zXZ\x00": "xz", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}
_COPY_BYTES = 1 << 20

Progress = Callable[[float], None]
"""Called with the part done, 0 to 1."""


def validate_tree_name(name: str) -> str:
    """Tree names become folder names."""
    if not TREE_NAME.fullmatch(name) or name.endswith((".git", ".lock")) or ".." in name:
        raise TreeError(f"bad tree name {name!r}: small letters, digits, dot, dash, underscore, at most 48 characters")
    return name


def import_archive(
    *, archive: Path, bare_repo: Path, ref: str = DEFAULT_REF, progress: Progress = lambda done: None
) -> str:
    """Turn a source archive into a bare repository with one commit and return that commit.

    The commit depends on the archive alone: fixed author, date of the newest member, message with the archive's hash.
    """
    if bare_repo.exists():
        raise TreeError(f"{bare_repo.name} exists already")
    if not archive.is_file():
        raise TreeError(f"{archive} is no file")
    partial = bare_repo.with_name(f".{bare_repo.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        git(["init", "--quiet", "--bare", "--", str(partial)])
        _fast_import(archive, repo=partial, ref=ref, progress=progress)
        git(["symbolic-ref", "HEAD", ref], repo=partial)
        commit = resolve_commit(partial, ref)
        partial.rename(bare_repo)
    except GitFailed as error:
        raise TreeError(f"cannot import {archive.name}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return commit


def mirror_git(source: str, *, bare_repo: Path, timeout_s: float = MIRROR_TIMEOUT_S) -> None:
    """Clone a repository as a mirror, or bring the mirror up to date."""
    address = validate_source(source)
    try:
        if bare_repo.exists():
            recorded = git(["config", "--get", "remote.origin.url"], repo=bare_repo).decode().strip()
            if recorded != address:
                raise TreeError(f"{bare_repo.name} mirrors {recorded}, not {address}")
            git(["fetch", "--quiet", "--prune", "--no-auto-gc", "origin"], repo=bare_repo, timeout_s=timeout_s)
            return
        partial = bare_repo.with_name(f".{bare_repo.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
        git(["clone", "--quiet", "--mirror", "--", address, str(partial)], timeout_s=timeout_s)
        partial.rename(bare_repo)
    except GitFailed as error:
        raise TreeError(f"cannot mirror {address}: {error.stderr.strip()}") from error


def validate_source(source: str) -> str:
    """A URL with an allowed protocol, or the path of a local repository; nothing git could read as an option."""
    if not source or source.startswith("-") or re.search(r"[\x00-\x20\x7f]", source):
        raise TreeError(f"bad address {source!r}")
    protocol, separator, _ = source.partition("://")
    if separator:
        if protocol not in ALLOWED_PROTOCOLS:
            raise TreeError(f"protocol {protocol!r} is not allowed; allowed: {', '.join(ALLOWED_PROTOCOLS)}")
        return source
    if "::" in source:
        raise TreeError(f"bad address {source!r}: transport helpers are not allowed")
    if Path(source).is_dir():
        return str(Path(source).resolve())
    if re.fullmatch(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^:]+", source):
        return source
    raise TreeError(f"{source!r} is neither a URL nor a folder on this host")


def resolve_commit(repo: Path, rev: str) -> str:
    """The full commit id a revision names."""
    if not REVISION.fullmatch(rev) or ".." in rev:
        raise RevisionError(f"bad revision {rev!r}: a commit id, tag or branch is expected")
    if not repo.is_dir():
        raise BuildHostError(f"the repository {repo.name} is missing on this host")
    try:
        found = git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"], repo=repo)
    except GitFailed as error:
        raise RevisionError(_unknown_revision(repo, rev)) from error
    return found.decode().strip()


def describe(repo: Path, commit: str) -> str:
    """A name for people: the nearest tag, else the commit's first 12 digits."""
    return (
        git(["describe", "--tags", "--always", "--abbrev=12", "--end-of-options", commit], repo=repo).decode().strip()
    )


def kernel_version(repo: Path, commit: str) -> str | None:
    """`6.1.140` as the Makefile at this commit says, or None when this is no kernel source."""
    try:
        makefile = git(["cat-file", "blob", f"{commit}:Makefile"], repo=repo).decode(errors="replace")
    except GitFailed:
        return None
    values = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) *= *(\d+)$", makefile, flags=re.MULTILINE))
    if "VERSION" not in values or "PATCHLEVEL" not in values:
        return None
    return ".".join(values[part] for part in ("VERSION", "PATCHLEVEL", "SUBLEVEL") if part in values)


def _unknown_revision(repo: Path, rev: str) -> str:
    listing = git(["for-each-ref", "--format=%(refname:short)", "--sort=-creatordate"], repo=repo)
    refs = listing.decode(errors="replace").split()
    near = difflib.get_close_matches(rev, refs, n=5, cutoff=0.5) or refs[:5]
    return f"unknown revision {rev!r}; this tree has: {', '.join(near) or 'no refs at all'}"


def _fast_import(archive: Path, *, repo: Path, ref: str, progress: Progress) -> None:
    digest = _sha256(archive)
    # No deltas and the lightest compression: the repository is larger, the import three times as fast.
    command = ["git", f"--git-dir={repo}", "-c", "pack.compression=1", "fast-import", "--quiet", "--depth=0"]
    command += ["--date-format=raw", "--done"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as importer,
        _open_tar(archive) as (tar, position),
    ):
        stdin = importer.stdin
        if stdin is None:
            raise BuildHostError("git fast-import has no input pipe")
        size = archive.stat().st_size
        try:
            newest, entries = _send_blobs(tar, stdin, lambda: progress(min(1.0, position() / size)))
            _send_commit(stdin, entries, ref=ref, seconds=newest, message=f"Import {archive.name}\n\nsha256 {digest}\n")
            stdin.close()
        except BrokenPipeError:
            pass  # git gave up first; its own message below says why
        except (tarfile.TarError, EOFError) as error:
            importer.kill()
            raise TreeError(f"cannot read {archive.name}: {error}") from error
        except BaseException:
            importer.kill()
            raise
        complaint = importer.stderr.read().decode(errors="replace") if importer.stderr else ""
        if importer.wait() != 0:
            raise GitFailed("fast-import", stderr=complaint)
    progress(1.0)


def _send_blobs(
    tar: tarfile.TarFile, out: IO[bytes], tick: Callable[[], None]
) -> tuple[int, list[tuple[str, int, str]]]:
    """Send every file's content; return the newest date and (mode, mark, path) of each file."""
    newest = 0
    entries: list[tuple[str, int, str]] = []
    for member in tar:
        if member.isdir():
            continue
        path = _member_path(member)
        newest = max(newest, int(member.mtime))
        if member.issym():
            mode, size = "120000", len(os.fsencode(member.linkname))
        elif member.isreg():
            mode, size = ("100755" if member.mode & 0o111 else "100644"), member.size
        else:
            raise TreeError(f"the archive holds {member.name!r}, which is neither file nor symbolic link")
        entries.append((mode, len(entries) + 1, path))
        out.write(b"blob\nmark :%d\ndata %d\n" % (len(entries), size))
        if member.issym():
            out.write(os.fsencode(member.linkname))
        elif (content := tar.extractfile(member)) is not None:
            shutil.copyfileobj(content, out, _COPY_BYTES)
        out.write(b"\n")
        if len(entries) % 500 == 0:
            tick()
    if not entries:
        raise TreeError("the archive holds no files")
    return newest, _strip_top_folder(entries)


def _send_commit(out: IO[bytes], entries: list[tuple[str, int, str]], *, ref: str, seconds: int, message: str) -> None:
    text = message.encode()
    out.write(f"commit {ref}\ncommitter {IMPORTER} {seconds} +0000\ndata {len(text)}\n".encode() + text + b"\n")
    for mode, mark, path in entries:
        out.write(f"M {mode} :{mark} ".encode() + os.fsencode(_quoted(path)) + b"\n")
    out.write(b"done\n")


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _member_path(member: tarfile.TarInfo) -> str:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or ".git" in (part.lower() for part in path.parts) or not path.parts:
        raise TreeError(f"the archive holds the path {member.name!r}, which is refused")
    return str(path)


def _strip_top_folder(entries: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    tops = {path.partition("/")[0] for _, _, path in entries}
    if len(tops) != 1 or any("/" not in path for _, _, path in entries):
        return entries
    return [(mode, mark, path.partition("/")[2]) for mode, mark, path in entries]


@contextmanager
def _open_tar(archive: Path) -> Iterator[tuple[tarfile.TarFile, Callable[[], int]]]:
    """The archive as a stream, unpacked by a process of its own, and how many of its bytes have been read."""
    with archive.open("rb", buffering=0) as source:
        magic = source.read(6)
        source.seek(0)
        program = next((name for prefix, name in _DECOMPRESSORS.items() if magic.startswith(prefix)), None)
        if program is None:
            with _tar_stream(source, archive) as tar:
                yield tar, source.tell
            return
        try:
            unpacker = subprocess.Popen(
                [program, "-dc"], stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except FileNotFoundError as error:
            raise BuildHostError(f"{program} is not installed on the build host") from error
        with unpacker:
            try:
                # The child shares the file offset, so the parent can tell how far it has come.
                with _tar_stream(unpacker.stdout, archive) as tar:
                    yield tar, lambda: os.lseek(source.fileno(), 0, os.SEEK_CUR)
                if unpacker.stdout:
                    shutil.copyfileobj(unpacker.stdout, _Discard())
                if unpacker.wait() != 0:
                    raise TreeError(f"{archive.name} is damaged: {program} could not unpack it to the end")
            finally:
                unpacker.kill()


@contextmanager
def _tar_stream(source: IO[bytes] | None, archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        tar = tarfile.open(fileobj=source, mode="r|", bufsize=_COPY_BYTES)  # noqa: SIM115 - closed below
    except tarfile.TarError as error:
        raise TreeError(f"{archive.name} is no tar archive: {error}") from error
    with tar:
        yield tar


class _Discard:
    def write(self, data: bytes) -> int:
        return len(data)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes repositories of the tiny kernel tree, and patches against it."""

import difflib
import os
import shutil
import subprocess
from pathlib import Path

TINY_TREE = Path(__file__).parent / "tiny_tree"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "tiny",
    "GIT_AUTHOR_EMAIL": "tiny@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "tiny",
    "GIT_COMMITTER_EMAIL": "tiny@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


def make_tiny_repo(bare_repo: Path, *, delay_s: float = 0, changes: dict[str, str] | None = None) -> str:
    """A bare repository with the tiny tree, `changes` written into it, as its one commit, which is returned."""
    work = bare_repo.with_name(f"{bare_repo.name}.work")
    shutil.copytree(TINY_TREE, work)
    for path, text in ({"delay": f"{delay_s}\n"} | (changes or {})).items():
        (work / path).write_text(text, encoding="utf-8")
    environment = os.environ | _IDENTITY
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Tiny tree"]):
        subprocess.run(["git", "-C", str(work), *arguments], check=True, env=environment)
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare_repo)], check=True)
    shutil.rmtree(work)
    head = subprocess.run(["git", f"--git-dir={bare_repo}", "rev-parse", "HEAD"], check=True, capture_output=True)
    return head.stdout.decode().strip()


def tiny_patch(changes: dict[str, str | None], *, base: dict[str, str] | None = None) -> bytes:
    """A git-style patch that gives files of the tiny tree a new text; None deletes a file, an unknown name adds one."""
    parts = []
    for path, text in changes.items():
        source = TINY_TREE / path
        old = (base or {}).get(path, source.read_text(encoding="utf-8") if source.exists() else None)
        header = [f"diff --git a/{path} b/{path}\n"]
        if old is None:
            header.append("new file mode 100644\n")
        if text is None:
            header.append("deleted file mode 100644\n")
        names = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if text is None else f"b/{path}")
        lines = difflib.unified_diff((old or "").splitlines(True), (text or "").splitlines(True), *names)
        parts.append("".join([*header, *lines]))
    return "".join(parts).encode()

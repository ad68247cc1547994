# SPDX-License-Identifier: GPL-2.0-or-later
"""Patches against a real repository: what applies, and how precisely a failure is named."""

from pathlib import Path

import pytest

from kdyno.kernels.errors import PatchError
from kdyno.kernels.git import git
from kdyno.kernels.patches import PatchDoesNotApply, apply, check_applies, parse_patch
from tests.fakes.tiny_kernel import TINY_TREE, make_tiny_repo, tiny_patch

SYS_C = (TINY_TREE / "kernel" / "sys.c").read_text()
LONG = "".join(f"line {number}\n" for number in range(1, 61))


@pytest.fixture
def repo(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "tiny.git"
    return path, make_tiny_repo(path, changes={"long": LONG})


def test_files_come_out_as_patched(repo: tuple[Path, str]) -> None:
    changed = SYS_C.replace("return 1", "return 2")
    patch = parse_patch(tiny_patch({"kernel/sys.c": changed, "delay": None, "kernel/new/x.c": "int x;\n"}))
    before = sorted(path for path in repo[0].rglob("*"))
    # The helper writes delay 0 into the repository, the patch is made against the tree as shipped.
    with pytest.raises(PatchDoesNotApply, match=r"delay: hunk 1"):
        check_applies(*repo, patch)
    patch = parse_patch(
        tiny_patch({"kernel/sys.c": changed, "long": None, "kernel/new/x.c": "int x;\n"}, base={"long": LONG})
    )
    changes = {change.path: (change.mode, change.content) for change in apply(*repo, patch)}
    assert changes == {
        "kernel/sys.c": ("100644", changed.encode()),
        "long": (None, None),
        "kernel/new/x.c": ("100644", b"int x;\n"),
    }
    assert sorted(path for path in repo[0].rglob("*")) == before, "nothing is written to the repository"


def test_a_shifted_hunk_still_applies(repo: tuple[Path, str]) -> None:
    shifted = "".join(LONG.splitlines(True)[10:])
    patch = tiny_patch({"long": shifted.replace("line 40\n", "LINE 40\n")}, base={"long": shifted})
    (change,) = apply(*repo, parse_patch(patch))
    assert change.content is not None and b"LINE 40" in change.content


def test_the_failing_hunk_is_named_with_what_it_expects(repo: tuple[Path, str]) -> None:
    other = LONG.replace("line 31\n", "zeile 31\n")
    wanted = other.replace("line 5\n", "LINE 5\n").replace("line 30\n", "LINE 30\n")
    patch = parse_patch(tiny_patch({"long": wanted}, base={"long": other}))
    with pytest.raises(PatchDoesNotApply) as caught:
        check_applies(*repo, patch)
    (failure,) = caught.value.failures
    assert (failure.path, failure.hunk, failure.file_line) == ("long", 2, 31)
    assert "it expects 'zeile 31', the file has 'line 31'" in str(caught.value)
    assert "hunk 2 (@@ -27,7 +27,7 @@" in str(caught.value)
    assert "zeile 31" in failure.expected and "line 31" in failure.found


def test_every_file_that_fails_is_named(repo: tuple[Path, str]) -> None:
    patch = parse_patch(
        b"--- a/gone.c\n+++ b/gone.c\n@@ -1 +1 @@\n-a\n+b\n"
        b"--- /dev/null\n+++ b/Makefile\n@@ -0,0 +1 @@\n+x\n"
        b"--- a/long\n+++ b/long\n@@ -100,2 +100,2 @@\n no\n-such\n+thing\n"
    )
    with pytest.raises(PatchDoesNotApply) as caught:
        check_applies(*repo, patch)
    assert {failure.path: failure.hunk for failure in caught.value.failures} == {
        "gone.c": None,
        "Makefile": None,
        "long": 1,
    }
    assert "gone.c: this file does not exist" in str(caught.value)
    assert "Makefile: the patch creates this file, and it exists already" in str(caught.value)


def test_in_a_series_the_patch_is_named(repo: tuple[Path, str]) -> None:
    first = b"Subject: [PATCH 1/2] one\nFrom: a@example.org\n\n" + tiny_patch(
        {"long": "x\n" + LONG}, base={"long": LONG}
    )
    second = (
        b"From 0 Mon Sep 17 00:00:00 2001\nSubject: [PATCH 2/2] two\n\n--- a/long\n+++ b/long\n@@ -1 +1 @@\n-y\n+z\n"
    )
    with pytest.raises(PatchDoesNotApply, match=r"patch 2 of 2 \(two\): long: hunk 1"):
        check_applies(*repo, parse_patch(first + second))
    good = second.replace(b"-y", b"-x").replace(b"@@ -1 +1 @@", b"@@ -1,2 +1,2 @@").replace(b"+z\n", b"+z\n line 1\n")
    (change,) = apply(*repo, parse_patch(first + good))
    assert change.content == b"z\n" + LONG.encode()


def test_links_in_the_tree_lead_nowhere(tmp_path: Path) -> None:
    import_dir = tmp_path / "linked"
    import_dir.mkdir()
    work = import_dir / "work"
    git(["init", "-q", str(work)])
    (work / "out").symlink_to("/etc")
    target = ["--work-tree", str(work)]
    git([*target, "add", "out"], repo=work / ".git")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    git([*identity, "commit", "-q", "-m", "link"], repo=work / ".git")
    commit = git(["rev-parse", "HEAD"], repo=work / ".git").decode().strip()
    below = parse_patch(b"--- /dev/null\n+++ b/out/passwd\n@@ -0,0 +1 @@\n+x\n")
    with pytest.raises(PatchError, match="out is no folder"):
        check_applies(work / ".git", commit, below)
    itself = parse_patch(b"--- a/out\n+++ b/out\n@@ -1 +1 @@\n-/etc\n+/root\n")
    with pytest.raises(PatchError, match="out is a symbolic link"):
        check_applies(work / ".git", commit, itself)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Patches from strangers: what is taken, what is refused, and that nothing makes the parser fall over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdyno.kernels.errors import PatchError
from kdyno.kernels.patch_mail import Mail
from kdyno.kernels.patch_parser import PatchLimits, parse_patchset
from kdyno.kernels.patches import parse_patch
from kdyno.kernels.patchset import ChangeKind, FileDiff, Hunk, Patch, patchset_hash, render

PLAIN = b"""\
--- a/kernel/sys.c\t2024-01-01
+++ b/kernel/sys.c\t2024-01-02
@@ -1,3 +1,3 @@ int getppid(void)
 one
-two
+TWO
 three
"""
MAIL = b"""\
From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?J=C3=BCrgen?= <j@example.org>
Date: Mon, 1 Jan 2024 00:00:00 +0000
Subject: [PATCH v2 1/2] sys: make
 it loud

Because.
---
 kernel/sys.c | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/kernel/sys.c b/kernel/sys.c
index 0123456..789abcd 100644
--- a/kernel/sys.c
+++ b/kernel/sys.c
@@ -1,3 +1,3 @@
 one
-two
+TWO
 three
-- 
2.39.5

"""
SECOND = MAIL.replace(b"1/2] sys: make\n it loud", b"2/2] sys: again").replace(b"TWO", b"2").replace(b"-two", b"-TWO")


def hunk(body: bytes) -> bytes:
    return b"diff --git a/f b/f\n--- a/f\n+++ b/f\n" + body


def test_a_mail_keeps_who_and_why() -> None:
    mail = parse_patch(MAIL).patches[0].mail
    assert (mail.subject, mail.author, mail.message) == ("sys: make it loud", "Jürgen <j@example.org>", "Because.")


def test_plain_diff_and_mail_are_the_same_patchset() -> None:
    assert parse_patch(PLAIN).digest == parse_patch(MAIL).digest


def test_a_series_is_split() -> None:
    patchset = parse_patch(MAIL + SECOND)
    assert [patch.mail.subject for patch in patchset.patches] == ["sys: make it loud", "sys: again"]
    assert patchset.line_counts() == (2, 2)
    assert patchset.paths == ("kernel/sys.c",)
    assert patchset.digest != parse_patch(MAIL).digest


@pytest.mark.parametrize(
    "changed",
    [
        MAIL.replace(b"\n", b"\r\n"),  # as a web form sends it
        MAIL.replace(b"789abcd", b"1111111"),
        MAIL.replace(b"@@\n", b"@@ static int x(void)\n"),
        b"Hello,\n\nplease try this:\n\n" + PLAIN,
        PLAIN.removesuffix(b"\n"),
        b"Index: kernel/sys.c\n=======\n" + PLAIN,
    ],
)
def test_hash_ignores_what_changes_nothing(changed: bytes) -> None:
    assert parse_patch(changed).digest == parse_patch(MAIL).digest


@pytest.mark.parametrize(
    "changed",
    [PLAIN.replace(b"TWO", b"TOO"), PLAIN.replace(b"sys.c", b"exit.c"), PLAIN.replace(b"-1,3 +1,3", b"-2,3 +2,3")],
)
def test_hash_follows_what_changes_something(changed: bytes) -> None:
    assert parse_patch(changed).digest != parse_patch(MAIL).digest


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"Dear all, my kernel is slow.\n", "this is no patch"),
        (b"a\0b", "NUL"),
        (b"x" * 2_000_000, "at most 1048576"),
        (hunk(b"@@ -1,3 +1,3 @@\n one\n-two\n"), "line 7 of the patch: hunk 1 of f is cut short"),
        (hunk(b"@@ -1 +1 @@\n-two\n+2\n+3\n"), "more lines than its header announces"),
        (hunk(b"@@ -1,x +1 @@\n"), "header is not"),
        (hunk(b"@@ -1 +1 @@\n one\n"), "changes nothing"),
        (b"diff --git a/f b/f\n", "nothing changes"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "which file is it for"),
        (b"diff --git a/f b/f\nGIT binary patch\nliteral 3\n", "binary"),
        (b"diff --git a/f b/f\nBinary files a/f and b/f differ\n", "binary"),
        (b"diff --cc f\n", "combined"),
        (b"--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "would leave the source tree"),
        (b"--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "absolute path"),
        (b"--- a/.git/config\n+++ b/.git/config\n@@ -1 +1 @@\n-a\n+b\n", "belongs to git"),
        (b"--- a/x/.GIT/hooks/a\n+++ b/x/.GIT/hooks/a\n@@ -1 +1 @@\n-a\n+b\n", "belongs to git"),
        (b"--- f\n+++ f\n@@ -1 +1 @@\n-a\n+b\n", "no leading folder"),
        (b'--- "a/f"\n+++ "b/f"\n@@ -1 +1 @@\n-a\n+b\n', "quoted"),
        (b"--- a/f\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n", "not said to be a rename"),
        (b"diff --git a/f b/f\n--- a/g\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n", "name different files"),
        (b"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc\n", "symbolic"),
        (b"diff --git a/l b/l\nindex 1..2 120000\n--- a/l\n+++ b/l\n@@ -1 +1 @@\n-a\n+/etc\n", "symbolic"),
        (b"diff --git a/m b/m\nnew file mode 160000\n--- /dev/null\n+++ b/m\n@@ -0,0 +1 @@\n+a\n", "submodules"),
        (b"diff --git a/m b/m\nold mode 100644\nnew mode 104755\n", "file mode"),
        (PLAIN + PLAIN, "twice"),
        (MAIL.replace(b"\n\nBecause", b"\nContent-Transfer-Encoding: base64\n\nBecause"), "base64"),
    ],
)
def test_refusals_say_why(data: bytes, says: str) -> None:
    with pytest.raises(PatchError) as caught:
        parse_patch(data)
    assert says in str(caught.value)
    assert caught.value.field == "patch"


def test_limits_on_files_and_hunks() -> None:
    many = b"".join(PLAIN.replace(b"sys.c", b"f%d.c" % number) for number in range(6))
    with pytest.raises(PatchError, match="more than 5 files"):
        parse_patchset(many, limits=PatchLimits(files=5))
    with pytest.raises(PatchError, match="more than 5 hunks"):
        parse_patchset(many, limits=PatchLimits(hunks=5))


def test_kinds_of_change() -> None:
    data = (
        b"diff --git a/new b/new\nnew file mode 100755\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n"
        b"diff --git a/old b/old\ndeleted file mode 100644\n--- a/old\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        b"diff --git a/p b/q\nsimilarity index 100%\nrename from p\nrename to q\n"
        b"diff --git a/run b/run\nold mode 100644\nnew mode 100755\n"
    )
    kinds = [file.kind for file in parse_patch(data).patches[0].files]
    assert kinds == [ChangeKind.CREATE, ChangeKind.DELETE, ChangeKind.RENAME, ChangeKind.MODIFY]


TEXT_LINE = st.binary(max_size=30).filter(lambda line: not set(line) & {0, 10, 13})
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}(/[a-z][a-z0-9_.]{0,8}[a-z]){0,3}", fullmatch=True)


@st.composite
def hunks(draw: st.DrawFn) -> tuple[Hunk, ...]:
    found = []
    start = 1
    for number in range(1, draw(st.integers(1, 3)) + 1):
        lines = draw(
            st.lists(st.builds(lambda k, t: k + t, st.sampled_from([b" ", b"+", b"-"]), TEXT_LINE), max_size=8)
        )
        lines.append(b"+" + draw(TEXT_LINE))
        old, new = (sum(line[:1] in kinds for line in lines) for kinds in ((b" ", b"-"), (b" ", b"+")))
        found.append(Hunk(number, start, old, start, new, tuple(lines)))
        start += old + 10
    return tuple(found)


@st.composite
def patches(draw: st.DrawFn) -> Patch:
    names = draw(st.lists(NAME, min_size=1, max_size=4, unique=True))
    files = [FileDiff(ChangeKind.MODIFY, name, name, None, None, draw(hunks())) for name in names]
    return Patch(mail=Mail(), files=tuple(files))


@given(patches())
def test_what_is_rendered_is_read_back(patch: Patch) -> None:
    parsed = parse_patch(render(patch))
    assert parsed.patches[0].files == patch.files
    assert patchset_hash(parse_patch(render(parsed.patches[0]))) == parsed.digest


def parses_or_complains(data: bytes) -> None:
    try:
        patchset = parse_patch(data)
    except PatchError as error:
        assert str(error)
        return
    assert patchset.patches
    assert not any(path.startswith("/") or ".." in path.split("/") for path in patchset.paths)


@given(st.binary(max_size=400))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    parses_or_complains(data)


@settings(max_examples=200)
@given(st.lists(st.sampled_from((MAIL + SECOND + PLAIN).splitlines(True)), max_size=25))
def test_shuffled_lines_are_parsed_or_refused(lines: list[bytes]) -> None:
    parses_or_complains(b"".join(lines))


@given(st.integers(0, len(MAIL)), st.integers(0, len(MAIL)), st.binary(max_size=5))
def test_damaged_patches_are_parsed_or_refused(start: int, end: int, inserted: bytes) -> None:
    parses_or_complains(MAIL[: min(start, end)] + inserted + MAIL[max(start, end) :])


@given(st.integers(0, len((MAIL + SECOND).splitlines()) - 1))
def test_truncation_never_turns_into_another_change(lines: int) -> None:
    whole = parse_patch(MAIL + SECOND)
    try:
        cut = parse_patch(b"".join((MAIL + SECOND).splitlines(True)[:lines]))
    except PatchError:
        return
    assert [patch.files for patch in cut.patches] == [patch.files for patch in whole.patches[: len(cut.patches)]]

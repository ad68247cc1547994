# SPDX-License-Identifier: GPL-2.0-or-later
import pytest

from kdyno.submissions.schemas import FieldProblem
from kdyno.web.form import FormUnreadable, TypedForm, decode_patch
from kdyno.web.guard import is_same_origin


@pytest.mark.parametrize(
    ("fetch_site", "origin", "allowed"),
    [
        ("same-origin", None, True),
        ("same-origin", "http://evil.example", True),  # the browser has compared; its word counts
        ("cross-site", "http://lab.example", False),
        ("same-site", "http://lab.example", False),
        ("none", None, False),
        (None, "http://lab.example", True),
        (None, "HTTP://LAB.example", True),
        (None, "http://lab.example:81", False),
        (None, "https://lab.example", False),
        (None, "null", False),
        (None, None, False),
    ],
)
def test_only_our_own_pages_may_post(fetch_site: str | None, origin: str | None, allowed: bool) -> None:
    own = frozenset({"http://lab.example"})
    assert is_same_origin(fetch_site=fetch_site, origin=origin, own_origins=own) is allowed


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"one\ntwo \xe9\n", "line 2 holds the byte 0xe9"),
        (b"one\n\n\x00GIF", "line 3 holds a NUL byte"),
        ("größer".encode("utf-16"), "NUL byte"),
    ],
)
def test_an_upload_that_is_no_text_is_named_by_its_line(content: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        decode_patch(content)


def test_an_upload_is_kept_byte_for_byte() -> None:
    text = "+größer\r\n \r\n-smaller\n"
    assert decode_patch(text.encode()) == text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (TypedForm(workloads=["null"], boots_per_arm="two"), "boots_per_arm"),
        (TypedForm(workloads=["null"], boots_per_arm="-2"), "boots_per_arm"),
        (TypedForm(workloads=["null"], boots_per_arm=""), "boots_per_arm"),
        (TypedForm(workloads=["null"], title="x" * 201), "title"),
        (TypedForm(workloads=[]), "workloads"),
    ],
)
def test_a_field_without_meaning_is_named(form: TypedForm, field: str) -> None:
    with pytest.raises(FormUnreadable) as caught:
        form.request()
    assert caught.value.field_name == field


def test_every_form_has_a_key_of_its_own() -> None:
    assert TypedForm().key != TypedForm().key


def test_problems_of_fields_that_the_page_does_not_have_are_not_lost() -> None:
    form = TypedForm(problems=[FieldProblem(field="patch", reason="a"), FieldProblem(field="odd", reason="b")])
    assert form.reasons("patch") == ["a"]
    assert [problem.reason for problem in form.other_problems(["patch"])] == ["b"]


def test_what_is_wrong_with_single_benchmarks_is_said_beside_their_field() -> None:
    form = TypedForm()
    form.take(
        [
            FieldProblem(field="workloads", reason="kbench:lat_pip: no benchmark 'lat_pip'"),
            FieldProblem(field="workloads", reason="unknown workload 'x'"),
        ]
    )
    assert form.reasons("benchmarks") == ["kbench:lat_pip: no benchmark 'lat_pip'"]
    assert form.reasons("workloads") == ["unknown workload 'x'"]


def test_single_benchmarks_are_one_a_line_with_or_without_their_prefix() -> None:
    form = TypedForm(benchmarks=" lat_pipe:message_bytes=64 \r\n\nkbench:lat_ctx\nlat_ctx")
    assert form.named_benchmarks() == ["kbench:lat_pipe:message_bytes=64", "kbench:lat_ctx"]
    assert form.request().workloads == form.named_benchmarks()

# SPDX-License-Identifier: GPL-2.0-or-later
"""The form for a test request: what was typed, as text, and the request it means."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from kdyno.submissions.schemas import FieldProblem, SubmissionRequest
from kdyno.workloads.benchmarks import PREFIX

DEFAULT_BOOTS = 2
_KEY = re.compile(r"^[A-Za-z0-9_-]{16,64}$")
_TEXT_FIELDS = (
    "tree",
    "base",
    "patch",
    "kconfig",
    "machine_type",
    "boots_per_arm",
    "mail",
    "title",
    "benchmarks",
    "key",
)


class FormUnreadable(ValueError):
    """A field cannot even be read; the message says what is wrong with it."""

    def __init__(self, *, field_name: str, reason: str) -> None:
        super().__init__(reason)
        self.field_name = field_name


@dataclass
class TypedForm:
    """The fields as they were typed, so that a form with an error comes back unchanged."""

    tree: str = ""
    base: str = ""
    patch: str = ""
    kconfig: str = "tinyconfig+virt-min"
    workloads: list[str] = field(default_factory=list)
    benchmarks: str = ""  # single ones of kbench, one a line
    machine_type: str = ""
    boots_per_arm: str = str(DEFAULT_BOOTS)
    profile: bool = False
    mail: str = ""
    title: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    problems: list[FieldProblem] = field(default_factory=list)

    def reasons(self, name: str) -> list[str]:
        """What is wrong with one field."""
        return [problem.reason for problem in self.problems if problem.field == name]

    def take(self, problems: Iterable[FieldProblem]) -> None:
        """Keep what is wrong with the request; the reasons about single benchmarks belong to a field of their own."""
        for problem in problems:
            of_benchmark = problem.field == "workloads" and problem.reason.startswith(PREFIX)
            self.problems.append(problem.model_copy(update={"field": "benchmarks"}) if of_benchmark else problem)

    def other_problems(self, shown: Iterable[str]) -> list[FieldProblem]:
        """Problems of fields that the page does not have, which must not get lost."""
        return [problem for problem in self.problems if problem.field not in set(shown)]

    def named_benchmarks(self) -> list[str]:
        """The single benchmarks as workloads, without empty lines and said twice."""
        lines = [line.strip().removeprefix(PREFIX) for line in self.benchmarks.splitlines()]
        return list(dict.fromkeys(f"{PREFIX}{line}" for line in lines if line))

    def request(self) -> SubmissionRequest:
        """The request that the form means.

        Raises:
            FormUnreadable: a field has no meaning at all.
        """
        if not re.fullmatch(r"[0-9]{1,4}", self.boots_per_arm.strip()):
            raise FormUnreadable(field_name="boots_per_arm", reason="a whole number, such as 2")
        if len(self.title) > 200:
            raise FormUnreadable(field_name="title", reason=f"200 characters at most, these are {len(self.title)}")
        workloads = self.workloads + self.named_benchmarks()
        if not workloads:
            raise FormUnreadable(field_name="workloads", reason="choose at least one")
        return SubmissionRequest(
            tree=self.tree,
            base=self.base.strip(),
            patch=self.patch,
            kconfig=self.kconfig.strip(),
            workloads=workloads,
            machine_type=self.machine_type,
            boots_per_arm=int(self.boots_per_arm),
            profile=self.profile,
            mail=self.mail.strip() or None,
            title=self.title.strip(),
        )


async def posted_form(request: Request) -> TypedForm:
    """The form that was posted; the application has already refused a body that is too large."""
    limit = request.app.state.runtime.settings.limits.request_body_bytes
    async with request.form(max_files=1, max_fields=200, max_part_size=limit) as data:
        chosen = [value for value in data.getlist("workloads") if isinstance(value, str)]
        form = TypedForm(workloads=chosen, profile="profile" in data)
        for name in _TEXT_FIELDS:
            if name in data:
                setattr(form, name, _text(data, name))
        # A browser sends CR LF for every line break of a text field, whatever was pasted into it.
        form.patch = form.patch.replace("\r\n", "\n")
        if not _KEY.match(form.key):
            form.key = secrets.token_urlsafe(24)
        upload = data.get("patch_file")
        if isinstance(upload, UploadFile) and upload.filename:
            _take_upload(form, await upload.read())
    return form


def _text(data: FormData, name: str) -> str:
    value = data[name]
    # neither PostgreSQL nor git takes a NUL, and no field means anything with one
    return value.replace("\0", "\N{SYMBOL FOR NULL}") if isinstance(value, str) else ""


def _take_upload(form: TypedForm, content: bytes) -> None:
    """An uploaded file counts, not the text field; both at once would leave it open which one was meant."""
    if form.patch.strip():
        reason = "a patch was pasted and another one uploaded: empty the text, or choose no file"
        form.problems.append(FieldProblem(field="patch", reason=reason))
        return
    try:
        form.patch = decode_patch(content)
    except ValueError as error:
        form.problems.append(FieldProblem(field="patch", reason=str(error)))


def decode_patch(content: bytes) -> str:
    """The text of an uploaded patch.

    Raises:
        ValueError: it is no UTF-8 text; the message names the line.
    """
    zero = content.find(b"\0")
    if zero >= 0:
        line = content.count(b"\n", 0, zero) + 1
        raise ValueError(f"the file is no text: line {line} holds a NUL byte; send `git format-patch` output")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise ValueError(
            f"the file is not UTF-8: line {line} holds the byte 0x{byte:02x}. "
            "A patch made by `git format-patch` is UTF-8 unless it changes a file in another encoding, "
            "which kdyno cannot take"
        ) from error

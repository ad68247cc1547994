# SPDX-License-Identifier: GPL-2.0-or-later
"""The mail around a patch: who sent it and what it says. Whatever is odd is shown as it is, never trusted."""

import contextlib
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header

from kdyno.kernels.errors import PatchError

HEADER_LIMIT = 500
MESSAGE_LIMIT = 20_000
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):\s?(.*)")
_TAG = re.compile(r"^\s*(?:\[[^\]]*\]\s*)+")


@dataclass(frozen=True)
class Mail:
    """Headers and message of one patch; empty strings for a bare diff."""

    subject: str = ""
    author: str = ""
    message: str = ""


def decode(raw: bytes) -> str:
    """Text for people: UTF-8, else Latin-1, which takes any byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def parse_mail(lines: list[bytes]) -> Mail:
    """Read the lines before the first diff of a patch."""
    text = [decode(line) for line in lines]
    start = next((i for i, line in enumerate(text) if line.strip()), len(text))
    if start < len(text) and text[start].startswith("From "):
        start += 1
    fields, body_at = _fields(text, start)
    if "subject" not in fields and "from" not in fields:
        return Mail(message=_message(text))
    encoding = fields.get("content-transfer-encoding", "").strip().lower()
    if encoding in ("quoted-printable", "base64"):
        raise PatchError(
            f"the mail is {encoding} encoded, which breaks patches: send the output of git format-patch as it is"
        )
    return Mail(
        subject=_TAG.sub("", _unfold(fields.get("subject", ""))).strip(),
        author=_unfold(fields.get("from", "")),
        message=_message(text[body_at:]),
    )


def _fields(text: list[str], start: int) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    name = ""
    for index in range(start, len(text)):
        line = text[index]
        if not line.strip():
            return fields, index + 1
        if match := _FIELD.fullmatch(line):
            name = match[1].lower()
            fields.setdefault(name, match[2])
        elif line[:1] in (" ", "\t") and name:
            fields[name] += " " + line.strip()
        else:
            return fields, index
    return fields, len(text)


def _message(text: list[str]) -> str:
    end = next((i for i, line in enumerate(text) if line.rstrip() == "---"), len(text))
    return "\n".join(line.rstrip() for line in text[:end]).strip()[:MESSAGE_LIMIT]


def _unfold(raw: str) -> str:
    text = raw[: 4 * HEADER_LIMIT]
    with contextlib.suppress(ValueError, LookupError, MessageError):  # a damaged encoded word is shown undecoded
        text = str(make_header(decode_header(text)))
    return "".join(char if char.isprintable() else " " for char in text).strip()[:HEADER_LIMIT]

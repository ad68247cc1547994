# SPDX-License-Identifier: GPL-2.0-or-later
"""The shell functions that print JSON, in the shells that /bin/sh may be."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FUNCTIONS = Path(__file__).parents[3] / "ansible" / "plugins" / "action" / "json.sh"

HARMLESS = [
    "",
    "plain",
    "'single' $HOME `id` $(id) *",
    'a "quoted" \\ path\\',
    '"',
    "\\\\",
    "größer ≥ 1",
    "[always] ][",
]


@pytest.fixture(params=["dash", "bash", "busybox sh"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    command = str(request.param).split()
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]} here")
    return command


def printed(shell: list[str], *calls: str) -> dict[str, Any]:
    program = "\n".join(["set -euf", FUNCTIONS.read_text(), *calls, "json_close"])
    result = subprocess.run([*shell, "-s"], input=program, text=True, capture_output=True, check=True)
    assert result.stderr == ""
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.mark.parametrize("text", HARMLESS)
def test_text_comes_back_as_it_was(shell: list[str], text: str) -> None:
    assert printed(shell, f"json_string {shlex.quote(text)} {shlex.quote(text)}") == {text: text}


def test_control_characters_become_spaces(shell: list[str]) -> None:
    assert printed(shell, "json_string text 'a\tb\nc\x1bd\x7f'") == {"text": "a b c d "}


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("1234567890", 1234567890), ("", None), ("-1", None), ("1x", None)]
)
def test_only_digits_are_a_number(shell: list[str], text: str, number: int | None) -> None:
    assert printed(shell, f"json_number n '{text}'") == {"n": number}


def test_lists_and_objects_nest(shell: list[str]) -> None:
    document = printed(
        shell,
        "json_list none ''",
        "json_list lines 'a b\n\"c\"\n'",
        "json_open empty; json_close",
        "json_open full; json_string x 1; json_list y z; json_close",
        "json_string last ''",
    )
    assert document == {"none": [], "lines": ["a b", '"c"'], "empty": {}, "full": {"x": "1", "y": ["z"]}, "last": ""}


def test_an_empty_object_is_one(shell: list[str]) -> None:
    assert printed(shell) == {}

# SPDX-License-Identifier: GPL-2.0-or-later
"""The action plugin that sends scripts to the machine: what it sends, and how it reads the answer."""

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

PLUGIN = Path(__file__).parents[3] / "ansible" / "plugins" / "action" / "kdyno_sh.py"


@pytest.fixture(scope="module")
def plugin() -> ModuleType:
    specification = importlib.util.spec_from_file_location("kdyno_sh", PLUGIN)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_variables_reach_the_script_as_they_are(plugin: ModuleType) -> None:
    hostile = "a'b $(exit 3) `exit 4` \\ \"\nnext"
    program = plugin.compose(
        script='json_string v "$KDYNO_V"; printf "\\n%s" "$KDYNO_V" >&2', variables={"KDYNO_V": hostile}
    )
    result = subprocess.run(["sh", "-s"], input=program, text=True, capture_output=True, check=True)
    assert result.stderr == f"\n{hostile}"


def test_a_document_and_its_changes(plugin: ModuleType) -> None:
    answer = plugin.ActionModule._answer(0, '{"a": 1, "changed": ["thp"]}\n', "")
    assert answer == {"changed": True, "changes": ["thp"], "document": {"a": 1}}
    assert plugin.ActionModule._answer(0, '{"changed": []}', "")["changed"] is False
    assert plugin.ActionModule._answer(0, '{"a": 1}', "")["changed"] is False


@pytest.mark.parametrize("stdout", ["", "hello", "[1]", '"text"', '{"a": 1', "3"])
def test_no_json_object_is_a_failure_that_shows_what_came(plugin: ModuleType, stdout: str) -> None:
    answer = plugin.ActionModule._answer(0, stdout, "sh: odd")
    assert answer["failed"]
    assert repr(stdout) in answer["msg"]
    assert "sh: odd" in answer["msg"]


def test_a_failed_script_is_a_failure_with_its_last_words(plugin: ModuleType) -> None:
    answer = plugin.ActionModule._answer(22, '{"a": 1}', "x" * 5000 + "curl: (22) not found\n")
    assert answer["failed"]
    assert "status 22" in answer["msg"]
    assert answer["msg"].endswith("curl: (22) not found")
    assert len(answer["msg"]) < 2100


def test_secrets_that_come_back_are_hidden(plugin: ModuleType) -> None:
    assert plugin.hide("a TOP b SECRET TOP", ["TOP", "SECRET"]) == "a *** b *** ***"

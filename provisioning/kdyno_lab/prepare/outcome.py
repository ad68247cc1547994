# SPDX-License-Identifier: GPL-2.0-or-later
"""What a playbook run came to, read from its events (pure)."""

from collections.abc import Callable, Mapping
from typing import Any

from kdyno_lab.prepare.contract import Mismatch, PrepareError, Unreachable, ignore

_MESSAGE_MAX = 2000


class Outcome:
    """Takes ansible-runner's events one by one; keeps the first failure and the state manifest."""

    def __init__(self, *, event: Callable[[str], None] = ignore) -> None:
        self._event = event
        self.step = "start"
        self.failure: PrepareError | None = None
        self.manifest: dict[str, Any] | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event; those that say nothing about the outcome are passed over."""
        data = event.get("event_data", {})
        match event.get("event"):
            case "playbook_on_task_start":
                self.step = str(data.get("name", ""))
                self._event(self.step)
            case "runner_on_unreachable":
                self._fail(Unreachable(_message(data)))
            case "runner_item_on_failed" | "runner_on_failed" if not data.get("ignore_errors"):
                self._fail(self._judge(data))
            case "playbook_on_stats":
                manifest = data.get("artifact_data", {}).get("kdyno_state_manifest")
                if isinstance(manifest, dict):
                    self.manifest = manifest

    def _judge(self, data: Mapping[str, Any]) -> PrepareError:
        """The items that the roles assert say which fact they are about."""
        item = data.get("res", {}).get("item")
        if isinstance(item, dict) and {"fact", "expected", "seen"} <= item.keys():
            return Mismatch(fact=str(item["fact"]), expected=_text(item["expected"]), seen=_text(item["seen"]))
        return PrepareError(f"{self.step}: {_message(data)}")

    def _fail(self, failure: PrepareError) -> None:
        self.failure = self.failure or failure


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _message(data: Mapping[str, Any]) -> str:
    result = data.get("res", {})
    message = str(result.get("msg") or result.get("stderr") or "failed without a message").strip()
    return message.removeprefix("Task failed: ")[:_MESSAGE_MAX]

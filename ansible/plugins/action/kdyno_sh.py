# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a shell script on the machine under test in one ssh session, without Python and without a file there.

    kdyno_sh:
      script: prove.sh            # in the role's files/; ends by printing one JSON object, with json.sh's functions
      variables: {KDYNO_A: "1"}   # set before the script
      secrets: {KDYNO_TOKEN: "/path"}  # the same, read from files on the control side

The script is sent on standard input, so neither it nor a secret stands in a process's arguments, and a secret is no
value that Ansible could log. Returns `document`; `changed` when its list `changed` names anything.
"""

import json
import shlex
from pathlib import Path
from typing import Any

from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.action import ActionBase

_JSON_FUNCTIONS = Path(__file__).with_name("json.sh")
_MESSAGE_MAX = 2000


def compose(*, script: str, variables: dict[str, str]) -> str:
    """The whole input of `sh -s`: assignments, the functions that print JSON, the script."""
    assignments = [f"{name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*assignments, _JSON_FUNCTIONS.read_text(encoding="utf-8"), script, ""])


def hide(text: str, secrets: list[str]) -> str:
    """A machine that echoes a secret does not get it into our logs."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


class ActionModule(ActionBase):  # type: ignore[misc] # Ansible has no types
    """One session of /bin/sh."""

    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            {
                "script": {"type": "str", "required": True},
                "variables": {"type": "dict", "default": {}},
                "secrets": {"type": "dict", "default": {}},
            }
        )
        if self._task.check_mode:
            return result | {"skipped": True}
        secrets = {name: Path(path).read_text(encoding="utf-8") for name, path in arguments["secrets"].items()}
        variables = {name: str(value) for name, value in arguments["variables"].items()}
        script = Path(self._find_needle("files", arguments["script"])).read_text(encoding="utf-8")
        program = compose(script=script, variables=variables | secrets)
        status, stdout, stderr = self._connection.exec_command("/bin/sh -s", in_data=to_bytes(program), sudoable=False)
        return result | self._answer(
            status, *(hide(to_text(text), list(secrets.values())) for text in (stdout, stderr))
        )

    @staticmethod
    def _answer(status: int, stdout: str, stderr: str) -> dict[str, Any]:
        stdout, stderr = stdout.strip(), stderr.strip()[-_MESSAGE_MAX:]
        if status != 0:
            return {"failed": True, "msg": f"the script ended with status {status}: {stderr or 'no message'}"}
        try:
            document = json.loads(stdout)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            return {"failed": True, "msg": f"the script printed no JSON object: {stdout[:_MESSAGE_MAX]!r} {stderr}"}
        changes = document.pop("changed", [])
        return {"changed": bool(changes), "changes": changes, "document": document}

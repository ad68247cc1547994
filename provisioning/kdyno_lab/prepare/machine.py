# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepares a real machine by Ansible over ssh, in a private directory that is gone afterwards."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from kdyno_lab.prepare.contract import Expected, Payload, PrepareError, PrepareTimeout, ignore
from kdyno_lab.prepare.outcome import Outcome

ANSIBLE = Path(__file__).resolve().parents[3] / "ansible"

_CONNECT_TIMEOUT_MAX_S = 30
_RETRY_PAUSE_MAX_S = 30
_MEMORY = Path("/dev/shm")  # noqa: S108 # only the parent of a private directory


def prepare_machine(
    *,
    address: str,
    port: int,
    private_key: Path,
    expected: Expected,
    payload: Payload,
    timeout_s: float,
    event: Callable[[str], None] = ignore,
) -> dict[str, Any]:
    """Prove, tune, install, start the agent, leave; return the state manifest.

    A machine whose ssh does not answer yet is tried again, for at most half of `timeout_s`.
    """
    deadline_s = time.monotonic() + timeout_s
    variables = _variables(expected=expected, payload=payload)
    outcome = Outcome(event=event)
    with private_directory() as directory:
        variables["kdyno_agent_token_file"] = str(_write_token(directory, token=payload.token))
        status = _run_playbook(
            directory,
            inventory=_inventory(directory, address=address, port=port, private_key=private_key),
            variables=variables,
            environment=_environment(directory, timeout_s=timeout_s),
            outcome=outcome,
            deadline_s=deadline_s,
        )
        last_words = _last_words(directory)
    if status == "canceled":
        raise PrepareTimeout(f"not done within {timeout_s:.0f} s; the step was: {outcome.step}")
    if outcome.failure is not None:
        raise outcome.failure
    if status != "successful" or outcome.manifest is None:
        raise PrepareError(f"Ansible ended as {status} in step {outcome.step}: {last_words}")
    return outcome.manifest


def patience(timeout_s: float) -> tuple[int, int]:
    """How long to try to connect: (seconds for one try, further tries), together about half of `timeout_s` at most.

    The ssh connection plugin waits 0, 1, 3, 7, 15, 30, 30, ... seconds between tries.
    """
    connect_timeout_s = max(1, min(_CONNECT_TIMEOUT_MAX_S, int(timeout_s / 4)))
    left_s, tries = timeout_s / 2, 0
    while (pause_s := min(2**tries - 1, _RETRY_PAUSE_MAX_S)) < left_s:
        left_s -= pause_s
        tries += 1
    return connect_timeout_s, tries


@contextmanager
def private_directory() -> Iterator[Path]:
    """A directory for one run, in memory where that exists. At its end every ssh connection made in it is closed."""
    parent = _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="kdyno-prepare-", dir=parent))
    try:
        (directory / "cp").mkdir(mode=0o700)
        yield directory
    finally:
        disconnect(directory / "cp")
        shutil.rmtree(directory, ignore_errors=True)


def disconnect(control_paths: Path) -> None:
    """Close the connections that outlive the playbook: nothing of ours may run on the machine beside the agent."""
    for control_path in control_paths.iterdir():
        command = ["ssh", "-F", "none", "-o", f"ControlPath={control_path}", "-O", "exit", "machine"]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, check=False, capture_output=True, timeout=10)


def _variables(*, expected: Expected, payload: Payload) -> dict[str, Any]:
    return {
        "kdyno_prove_release": expected.release,
        "kdyno_prove_attempt_id": expected.attempt_id,
        "kdyno_prove_image_id": expected.image_id,
        "kdyno_agent_attempt_id": expected.attempt_id,
        "kdyno_agent_server_url": payload.server_url,
        "kdyno_agent_programs": {name: _blake2b(path) for name, path in payload.programs.items()},
    }


def _blake2b(program: Path) -> str:
    """BLAKE2b-256, as of images: an emulated processor takes a third of the time that SHA-256 costs it."""
    try:
        return hashlib.blake2b(program.read_bytes(), digest_size=32).hexdigest()
    except OSError as error:
        raise PrepareError(f"program {program.name}: {error.strerror}: {program}") from error


def _write_token(directory: Path, *, token: str) -> Path:
    path = directory / "token"
    path.touch(mode=0o600)
    path.write_text(token, encoding="ascii")
    return path


def _inventory(directory: Path, *, address: str, port: int, private_key: Path) -> dict[str, Any]:
    if not private_key.is_file():
        raise PrepareError(f"ssh key: no file {private_key}")
    known_hosts = f"-o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={directory / 'known_hosts'}"
    host = {
        "ansible_connection": "ssh",
        "ansible_host": address,
        "ansible_port": port,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(private_key),
        "ansible_ssh_common_args": known_hosts,
    }
    return {"all": {"hosts": {"machine": host}}}


def _environment(directory: Path, *, timeout_s: float) -> dict[str, str]:
    """Paths of this run. The programs of this Python environment come first on PATH."""
    connect_timeout_s, retries = patience(timeout_s)
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
        "ANSIBLE_HOME": str(directory / "home"),
        "ANSIBLE_LOCAL_TEMP": str(directory / "tmp"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(directory / "cp"),
        "ANSIBLE_TIMEOUT": str(connect_timeout_s),
        "ANSIBLE_SSH_RETRIES": str(retries),
        # Should this process be killed, the playbook ends by itself.
        "ANSIBLE_TASK_TIMEOUT": str(max(1, int(timeout_s) + 1)),
        "LC_ALL": "C.UTF-8",
    }


def _run_playbook(
    directory: Path,
    *,
    inventory: dict[str, Any],
    variables: dict[str, Any],
    environment: dict[str, str],
    outcome: Outcome,
    deadline_s: float,
) -> str:
    """Run to the end or to the deadline on the monotonic clock; ansible-runner's word for how it ended."""
    import ansible_runner  # slow to import, and only workers of a lab need it

    def take(event: dict[str, Any]) -> bool:
        outcome.take(event)
        return False  # not to be kept in a file

    run = ansible_runner.run(
        private_data_dir=str(directory),
        playbook=str(ANSIBLE / "playbooks" / "prepare.yml"),
        inventory=inventory,
        extravars=variables,
        envvars=environment,
        settings={"pexpect_timeout": 0.2, "suppress_ansible_output": True},
        event_handler=take,
        cancel_callback=lambda: time.monotonic() > deadline_s,
        quiet=True,
    )
    return str(run.status)


def _last_words(directory: Path) -> str:
    """The end of Ansible's output, for failures before any event."""
    for output in directory.glob("artifacts/*/stdout"):
        return output.read_text(encoding="utf-8", errors="replace").strip()[-500:]
    return "no output"

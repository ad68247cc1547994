# SPDX-License-Identifier: GPL-2.0-or-later
"""Run git on a bare repository, always with a time limit, never with a prompt or with somebody's configuration."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from kdyno.kernels.errors import BuildHostError

DEFAULT_TIMEOUT_S = 120.0
ALLOWED_PROTOCOLS = ("https", "http", "git", "ssh", "file")
_PASSED_ON = (
    "PATH",
    "HOME",
    "SSH_AUTH_SOCK",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "GIT_SSL_CAINFO",
)


class GitFailed(Exception):
    """git ended with an error; `stderr` is what it said."""

    def __init__(self, command: str, *, stderr: str) -> None:
        super().__init__(f"git {command}: {stderr.strip() or 'failed without a message'}")
        self.stderr = stderr


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A clean environment for git: transports limited, prompts off, messages in English, fixed attributes."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return (
        passed
        | {
            "LC_ALL": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=20",
            "GIT_ALLOW_PROTOCOL": ":".join(ALLOWED_PROTOCOLS),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_OPTIONAL_LOCKS": "0",
        }
        | dict(extra or {})
    )


def git(
    arguments: Sequence[str],
    *,
    repo: Path | None = None,
    data: bytes = b"",
    extra_env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> bytes:
    """Run git and return its standard output. Naming the repository outright keeps git from searching for another."""
    target = [f"--git-dir={repo}"] if repo is not None else []
    hooks_off = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.autocrlf=false"]
    try:
        done = subprocess.run(
            ["git", *target, *hooks_off, *arguments],
            input=data,
            capture_output=True,
            env=environment(extra_env),
            cwd=cwd,
            timeout=timeout_s,
            umask=0o022,  # the build user must be able to read a checkout
            check=False,
        )
    except FileNotFoundError as error:
        raise BuildHostError("git is not installed on the build host") from error
    except subprocess.TimeoutExpired as error:
        raise BuildHostError(f"git {arguments[0]} did not end within {timeout_s:.0f} s") from error
    if done.returncode != 0:
        raise GitFailed(arguments[0], stderr=done.stderr.decode(errors="replace"))
    return done.stdout

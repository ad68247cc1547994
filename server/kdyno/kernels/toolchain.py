# SPDX-License-Identifier: GPL-2.0-or-later
"""Names the compiler and linker of this build host, so that a build is shared only where it would come out the same."""

import hashlib
import subprocess
from dataclasses import dataclass

from kdyno.kernels.errors import BuildHostError

_QUESTION_TIMEOUT_S = 20


@dataclass(frozen=True)
class Toolchain:
    """What turns source into a kernel."""

    compiler: str
    linker: str
    target: str

    def __str__(self) -> str:
        return f"{self.compiler}; {self.linker}; {self.target}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(str(self).encode()).hexdigest()


def identify_toolchain(*, compiler: str = "gcc", linker: str = "ld") -> Toolchain:
    """Ask the programs themselves: the first line of `--version` names vendor, package and version."""
    return Toolchain(
        compiler=_first_line(compiler, "--version"),
        linker=_first_line(linker, "--version"),
        target=_first_line(compiler, "-dumpmachine"),
    )


def _first_line(program: str, option: str) -> str:
    try:
        done = subprocess.run(
            [program, option], capture_output=True, text=True, timeout=_QUESTION_TIMEOUT_S, check=True
        )
    except FileNotFoundError as error:
        raise BuildHostError(f"{program} is not installed on the build host") from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise BuildHostError(f"{program} {option} does not answer: {error}") from error
    return done.stdout.partition("\n")[0].strip()

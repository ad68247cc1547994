# SPDX-License-Identifier: GPL-2.0-or-later
"""What a build is asked for, what comes of it, and the key that makes equal requests one build."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kdyno.kernels.build_log import FirstError
from kdyno.kernels.errors import BuildHostError
from kdyno.kernels.kconfig import Kconfig
from kdyno.kernels.patches import parse_patch, patchset_hash
from kdyno.kernels.toolchain import Toolchain

RECIPE_VERSION = 1  # count up when the builder would make another kernel out of the same request
RELEASE_KEY_DIGITS = 12


class BuildStage(StrEnum):
    """What a build is doing."""

    WAITING = "waiting"  # for another build in the same warm tree
    CHECKOUT = "checkout"
    CONFIGURE = "configure"
    COMPILE = "compile"
    PUBLISH = "publish"


class BuildFailure(StrEnum):
    """Why there is no kernel."""

    PATCH = "patch"  # does not apply
    KCONFIG = "kconfig"  # the source tree does not keep what was asked for
    COMPILE = "compile"  # make ended with an error
    LIMIT = "limit"  # time, memory, output, processes or disk used up
    CANCELLED = "cancelled"


class BuildError(Exception):
    """No kernel came out. `of_base` says that it failed without the patch already, so the patch is not to blame."""

    def __init__(
        self, failure: BuildFailure, message: str, *, stage: BuildStage, of_base: bool, first: FirstError | None = None
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.stage = stage
        self.of_base = of_base
        self.first_error = first


@dataclass(frozen=True)
class BuildRequest:
    """What to build. `commit` is a full commit id of the tree; `patch` is the upload as it came."""

    tree: str
    commit: str
    patch: bytes | None
    kconfig: Kconfig
    toolchain: Toolchain
    recipe_version: int = RECIPE_VERSION


@dataclass(frozen=True)
class BuildDirs:
    """Where repositories, finished builds and warm trees are."""

    trees: Path
    builds: Path
    warm: Path


@dataclass(frozen=True)
class BuildProgress:
    """How far a build is; `objects_expected` is what the last build of its kind in the warm tree compiled, if known."""

    stage: BuildStage
    objects_done: int
    objects_expected: int | None
    elapsed_s: float


@dataclass(frozen=True)
class BuildResult:
    """A finished build; what `build.json` holds, and where its folder is."""

    key: str
    folder: Path
    release: str
    tree: str
    commit: str
    patchset_hash: str | None
    kconfig: str
    kconfig_hash: str
    toolchain: str
    recipe_version: int
    objects_compiled: int
    bytes: dict[str, int]
    sha256: dict[str, str]
    seconds: dict[str, float]
    reused: bool = False

    @property
    def bzimage(self) -> Path:
        return self.folder / "bzImage"

    @property
    def config(self) -> Path:
        return self.folder / "config"


def build_key(request: BuildRequest) -> str:
    """Address of a build by its content; the tree's name does not matter, its commit does."""
    parts = {
        "commit": request.commit,
        "patchset": patchset_hash(parse_patch(request.patch)) if request.patch is not None else None,
        "kconfig": request.kconfig.digest,
        "toolchain": request.toolchain.digest,
        "recipe": request.recipe_version,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def local_version(key: str) -> str:
    """What the kernel's release ends with, so that `uname -r` proves which build runs."""
    return f"-kdyno-{key[:RELEASE_KEY_DIGITS]}"


def load_result(dirs: BuildDirs, key: str) -> BuildResult | None:
    """A finished build, or None. A folder with this name is always complete."""
    folder = dirs.builds / key
    try:
        facts = json.loads((folder / "build.json").read_text(encoding="utf-8"))
        return BuildResult(folder=folder, reused=True, **facts)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise BuildHostError(f"{folder.name}/build.json is damaged: {error}; remove the folder") from error

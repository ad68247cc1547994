# SPDX-License-Identifier: GPL-2.0-or-later
"""The golden image of this lab: built from the recipe of this checkout and the lab's own ssh key."""

import subprocess
from collections.abc import Callable

from kdyno.checkout import ROOT
from kdyno.config import Paths
from kdyno_lab.images.build import build_image, default_directories
from kdyno_lab.images.recipe import RecipeError
from kdyno_lab.images.rootfs import ImageBuildError


class ImageFailedError(RuntimeError):
    """No image came out; the message says which step failed and its last words."""


def ensure_golden_image(*, paths: Paths, say: Callable[[str], None]) -> str:
    """Build the image unless it is there; its id.

    Args:
        say: told what is being done, a line at a time.

    Raises:
        ImageFailedError: a step failed, or its program is missing.
    """
    recipe_dir, imager_dir = default_directories(ROOT)
    try:
        directory = build_image(
            recipe_dir=recipe_dir,
            imager_dir=imager_dir,
            public_key=ensure_ssh_key(paths),
            out_dir=paths.images,
            log=say,
        )
    except (ImageBuildError, RecipeError, OSError, subprocess.SubprocessError) as error:
        raise ImageFailedError(f"golden image: {error}") from error
    return directory.name


def ensure_ssh_key(paths: Paths) -> str:
    """The public half of the key with which the lab enters machines; the pair is made at the first call."""
    public_key = paths.ssh_key.with_suffix(".pub")
    if not public_key.exists():
        paths.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kdyno lab", "-f", str(paths.ssh_key)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return public_key.read_text(encoding="ascii").strip()

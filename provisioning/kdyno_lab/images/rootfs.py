# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the root file system: packages into a tar with mmdebstrap, the tar into an ext4 image. No loop device and no
mount is needed; an ordinary user does it in a user namespace."""

import io
import os
import shlex
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kdyno_lab.images.recipe import Recipe
from kdyno_lab.images.sources import suitable_sources, transport_options, write_sources

Log = Callable[[str], None]

_HOST_KEY_PATH = "etc/ssh/ssh_host_ed25519_key.pub"
_SCRIPTS_PATH = "/kdyno-customize"
_KERNEL_PATH = "/kdyno-kernel.deb"
_MERGED_USR_HOOKS = "/usr/share/mmdebstrap/hooks/merged-usr"
_PREFERENCES_PATH = "/etc/apt/preferences.d/kdyno"

# Runs outside the new root with the apt configuration of mmdebstrap: fetches the kernel without installing it.
_DOWNLOAD_KERNEL = """
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
package=$(apt-cache depends --important "{package}" | sed -n 's/^ *Depends: \\(linux-image-.*\\)$/\\1/p' | head -n 1)
mkdir "$1/kdyno-download"
cd "$1/kdyno-download"
apt-get -o APT::Sandbox::User=root download -qq "${{package:-{package}}}"
mv ./*.deb "$1{path}"
cd /
rmdir "$1/kdyno-download"
"""

# As root of the namespace, so that the files keep their owners.
_MAKE_FILE_SYSTEM = """
set -eu
root=$1 tar=$2 epoch=$3 image=$4
shift 4
trap 'rm -rf "$root"' EXIT
mkdir "$root"
tar --extract --file "$tar" --directory "$root" --numeric-owner --same-permissions --exclude './dev/*'
find "$root" -newermt "@$epoch" -exec touch --no-dereference --date "@$epoch" {} +
mke2fs "$@" -d "$root" "$image"
"""


class ImageBuildError(RuntimeError):
    """The image could not be built: a fault of this host or of the recipe. Holds the tool's last lines."""


@dataclass(frozen=True, slots=True)
class RootTar:
    """What mmdebstrap made."""

    tar: Path
    kernel_package: Path


def make_root_tar(
    recipe: Recipe, *, image_id: str, public_key: str, directory: Path, log: Log, timeout_s: float
) -> RootTar:
    """Install the recipe's packages into a new root, customise it, and leave it as a tar in `directory`."""
    result = RootTar(tar=directory / "root.tar", kernel_package=directory / "kernel.deb")
    overlay = directory / "overlay.tar"
    _pack_overlay(recipe, image_id=image_id, public_key=public_key, tar=overlay)
    sources = write_sources(suitable_sources(recipe.suite), directory=directory)
    command = [
        "mmdebstrap",
        *("--mode=auto", "--variant=essential", "--format=tar"),
        f"--architectures={recipe.architecture}",
        f"--include={','.join(recipe.packages)}",
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt=path-exclude={path}" for path in recipe.excluded_paths),
        *(f"--aptopt={option}" for option in transport_options()),
        f"--hook-dir={_MERGED_USR_HOOKS}",
        '--setup-hook=mkdir -p "$1/etc/apt/preferences.d"',
        f"--setup-hook=upload {shlex.quote(str(recipe.directory / 'apt-preferences'))} {_PREFERENCES_PATH}",
        f"--customize-hook={_DOWNLOAD_KERNEL.format(package=recipe.kernel_package, path=_KERNEL_PATH)}",
        f"--customize-hook=download {_KERNEL_PATH} {shlex.quote(str(result.kernel_package))}",
        f'--customize-hook=rm "$1{_KERNEL_PATH}"',
        f"--customize-hook=tar-in {shlex.quote(str(overlay))} /",
        f'--customize-hook=for script in "$1{_SCRIPTS_PATH}"/*.sh; do '
        f'chroot "$1" sh "{_SCRIPTS_PATH}/${{script##*/}}" || exit 1; done',
        f'--customize-hook=rm -r "$1{_SCRIPTS_PATH}"',
        recipe.suite,
        str(result.tar),
        *(str(path) for path in sources),
    ]
    run_logged(command, log=log, timeout_s=timeout_s, epoch=recipe.source_date_epoch)
    return result


def make_file_system(recipe: Recipe, *, tar: Path, image: Path, log: Log, timeout_s: float) -> None:
    """Turn the root tar into a sparse ext4 image."""
    disk = recipe.disk
    with image.open("wb") as file:
        file.truncate(disk.size_mib << 20)
    make = [
        *("sh", "-c", _MAKE_FILE_SYSTEM, "make-file-system"),
        *(str(image.parent / "root"), str(tar), str(recipe.source_date_epoch), str(image)),
        *("-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-L", "kdyno", "-N", str(disk.inodes)),
        *("-U", disk.uuid, "-O", ",".join(disk.features)),
        *("-E", f"hash_seed={disk.hash_seed},lazy_itable_init=0,root_owner=0:0"),
    ]
    if os.geteuid() != 0:
        make = ["unshare", "--user", "--map-auto", "--map-root-user", *make]
    run_logged(make, log=log, timeout_s=timeout_s, epoch=recipe.source_date_epoch)


def read_host_key(tar: Path) -> str:
    """The image's public ssh host key, without its comment."""
    return " ".join(_read_member(tar, _HOST_KEY_PATH).split()[:2])


def read_packages(tar: Path) -> list[dict[str, str]]:
    """Name, version and architecture of every installed package."""
    packages = []
    for stanza in _read_member(tar, "var/lib/dpkg/status").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and not line.startswith(" "))
        if "Package" in fields:
            packages.append({key.lower(): fields.get(key, "") for key in ("Package", "Version", "Architecture")})
    return packages


def run_logged(command: list[str], *, log: Log, timeout_s: float, epoch: int) -> None:
    """Run a tool, pass its lines on, and keep the last for the error. Its children end with it."""
    environment = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": str(epoch),
        "E2FSPROGS_FAKE_TIME": str(epoch),
    }
    if shutil.which(command[0]) is None:
        raise ImageBuildError(f"{command[0]} is not installed")
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            ["timeout", "--kill-after=10", str(int(timeout_s)), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
        )
        assert process.stdout is not None  # noqa: S101 - it is a pipe, see above
        for line in process.stdout:
            output.write(line)
            if line.startswith((b"I:", b"W:", b"E:")):
                log(line.decode(errors="replace").rstrip())
        status = process.wait()
        if status != 0:
            output.seek(0)
            tail = [line[:300] for line in output.read().decode(errors="replace").splitlines()[-20:]]
            reason = f"timed out after {timeout_s:.0f} s" if status in (124, 137) else f"ended with {status}"
            raise ImageBuildError("\n".join([f"{command[0]} {reason}", *tail]))


def _pack_overlay(recipe: Recipe, *, image_id: str, public_key: str, tar: Path) -> None:
    """The files we add, owned by root and with plain modes, whoever builds and whatever their umask is."""
    with tarfile.open(tar, "w") as archive:

        def add(path: str, data: bytes, *, executable: bool = False) -> None:
            member = tarfile.TarInfo(path)
            member.size, member.mode, member.mtime = len(data), 0o755 if executable else 0o644, recipe.source_date_epoch
            archive.addfile(member, io.BytesIO(data))

        for path in sorted(path for path in recipe.overlay.rglob("*") if path.is_file()):
            executable = bool(path.stat().st_mode & 0o100)
            add(path.relative_to(recipe.overlay).as_posix(), path.read_bytes(), executable=executable)
        for script in recipe.customize:
            add(f"{_SCRIPTS_PATH.lstrip('/')}/{script.name}", script.read_bytes())
        add("etc/kdyno-image-id", f"{image_id}\n".encode())
        add("root/.ssh/authorized_keys", f"{public_key.strip()}\n".encode())


def _read_member(tar: Path, path: str) -> str:
    with tarfile.open(tar) as archive:
        member = archive.extractfile(f"./{path}")
        if member is None:
            raise ImageBuildError(f"the new root has no file {path}")
        return member.read().decode()

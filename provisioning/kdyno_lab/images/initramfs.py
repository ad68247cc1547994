# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the imager's two boot files from Debian's packaged kernel: the kernel itself, and an initramfs with our
init and the few modules it loads."""

import lzma
import shutil
import subprocess
from pathlib import Path

from kdyno_lab.images import cpio
from kdyno_lab.images.rootfs import ImageBuildError


def make_imager(
    *, kernel_package: Path, modules: tuple[str, ...], imager_dir: Path, out_dir: Path, work_dir: Path
) -> str:
    """Write `vmlinuz` and `initrd.img` into `out_dir`; returns the kernel's release."""
    unpacked = work_dir / "kernel"
    _run(["dpkg-deb", "-x", str(kernel_package), str(unpacked)])
    _run(["make", "-s", "-C", str(imager_dir), f"OUT={work_dir / 'init-build'}"])
    kernels = sorted(unpacked.glob("boot/vmlinuz-*"))
    if len(kernels) != 1:
        raise ImageBuildError(f"{kernel_package.name} holds {len(kernels)} kernels, one expected")
    release = kernels[0].name.removeprefix("vmlinuz-")
    out_dir.mkdir()
    shutil.copyfile(kernels[0], out_dir / "vmlinuz")
    init = (work_dir / "init-build" / "init").read_bytes()
    (out_dir / "initrd.img").write_bytes(build_initramfs(init, modules=load_modules(unpacked, modules=modules)))
    return release


def load_modules(unpacked: Path, *, modules: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """The modules and all they depend on, in the order of loading, as (file name, uncompressed content)."""
    available = {
        path.name.partition(".")[0].replace("-", "_"): path
        for path in unpacked.glob("**/lib/modules/*/kernel/**/*.ko*")
    }
    ordered: dict[str, bytes] = {}

    def add(name: str, needed_by: str) -> None:
        if name in ordered:
            return
        if name not in available:
            raise ImageBuildError(f"the kernel package has no module {name}, needed by {needed_by}")
        data = _decompress(available[name])
        for dependency in _dependencies(data):
            add(dependency, name)
        ordered[name] = data

    for module in modules:
        add(module, "the recipe")
    return [(f"{name}.ko", data) for name, data in ordered.items()]


def build_initramfs(init: bytes, *, modules: list[tuple[str, bytes]]) -> bytes:
    """The archive: init, an empty skeleton to mount on, and the modules with their order."""
    order = "".join(f"{name}\n" for name, _ in modules)
    return cpio.archive(
        [
            *(cpio.directory(path) for path in ("dev", "proc", "sys", "modules")),
            cpio.character_device("dev/console", major=5, minor=1),
            cpio.file("modules/order", order.encode()),
            *(cpio.file(f"modules/{name}", data) for name, data in modules),
            cpio.file("init", init, executable=True),
        ]
    )


def _dependencies(module: bytes) -> list[str]:
    """From the module's own `depends=` entry, so that no modules.dep (which depmod makes at installation) is needed."""
    start = module.find(b"\0depends=")
    if start < 0:
        return []
    value = module[start + len(b"\0depends=") :].partition(b"\0")[0].decode()
    return [name.replace("-", "_") for name in value.split(",") if name]


def _decompress(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".xz":
        return lzma.decompress(data)
    if path.suffix != ".ko":
        raise ImageBuildError(f"module {path.name}: unknown compression")
    return data


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if result.returncode != 0:
        raise ImageBuildError(f"{command[0]} ended with {result.returncode}: {result.stderr.strip()[-2000:]}")

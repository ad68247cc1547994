# SPDX-License-Identifier: GPL-2.0-or-later
"""Real QEMU: power, the trial boot, and iPXE running our scripts."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kdyno_lab.boot import BootMachine, KernelProfile, LocalDiskProfile, render_boot, render_chain
from kdyno_lab.power import PowerError, PowerState, process
from kdyno_lab.power.options import QemuOptions
from kdyno_lab.power.qemu import QemuPower
from kdyno_lab.vlab.accelerator import choose_accelerator
from kdyno_lab.vlab.machines import virtual_machines

pytestmark = [
    pytest.mark.integration,
    pytest.mark.guest,
    pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="needs qemu-system-x86"),
]

SERVER_URL = "http://10.0.2.100:80"
TIMEOUT_S = 15.0

HELLO = b"a guest runs\r\n"
# cld; send the text at 0x7c16 to port 0x3f8; hlt for ever
_SEND_TEXT = bytes.fromhex("31c08ed8fcbaf803be167cac84c07403eeebf8f4ebfd")


def hello_sector() -> bytes:
    """A boot sector that says hello on the serial line and then sleeps."""
    return (_SEND_TEXT + HELLO).ljust(510, b"\0") + b"\x55\xaa"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> bool:
    return process.identify(pid) is not None


def wait_for(condition: Callable[[], bool], *, timeout_s: float = TIMEOUT_S) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "time limit reached"
        time.sleep(0.05)


def machine_options(directory: Path, *, server_port: int = 9, boot_first: str = "disk") -> dict[str, object]:
    options = virtual_machines()[0].power_options(directory=directory, server_port=server_port, accelerator="tcg")
    return {
        **options,
        "ssh_port": free_port(),
        "memory_mib": 128,
        "disk_bytes": 1024 * 1024,
        "boot_first": boot_first,
        "icount_shift": None,
    }


@pytest.fixture
def options(tmp_path: Path) -> Iterator[dict[str, object]]:
    """Options of a machine whose disk says hello; switched off at the end, whatever happened."""
    found = machine_options(tmp_path / "vm1")
    (tmp_path / "vm1").mkdir()
    (tmp_path / "vm1" / "disk.img").write_bytes(hello_sector())
    yield found
    QemuPower(QemuOptions.model_validate(found)).off(timeout_s=TIMEOUT_S)


def driver(options: dict[str, object]) -> QemuPower:
    return QemuPower(QemuOptions.model_validate(options))


def pid_of(options: dict[str, object]) -> int:
    return int((Path(str(options["directory"])) / "qemu.pid").read_text())


def test_on_cycle_off_with_a_console_each(options: dict[str, object], tmp_path: Path) -> None:
    power = driver(options)
    assert power.state(timeout_s=1) is PowerState.OFF
    first, second = tmp_path / "1.log", tmp_path / "2.log"
    power.on(timeout_s=TIMEOUT_S, console=first)
    power.on(timeout_s=TIMEOUT_S, console=second)  # is on: nothing happens
    assert power.guest_status(timeout_s=5) == "running"
    wait_for(lambda: HELLO in first.read_bytes())
    old = pid_of(options)
    power.cycle(timeout_s=TIMEOUT_S, console=second)
    assert not alive(old)
    wait_for(lambda: HELLO in second.read_bytes())
    power.off(timeout_s=TIMEOUT_S)
    power.off(timeout_s=TIMEOUT_S)
    assert power.state(timeout_s=1) is PowerState.OFF
    assert (tmp_path / "vm1" / "disk.img").stat().st_size == 1024 * 1024


def test_the_machine_survives_the_death_of_its_starter(options: dict[str, object], tmp_path: Path) -> None:
    code = (
        "import json, os, signal, sys; from pathlib import Path; from kdyno_lab.power import build_driver; "
        "build_driver('qemu', json.loads(sys.argv[1])).on(timeout_s=15, console=Path(sys.argv[2])); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    console = tmp_path / "7.log"
    subprocess.run([sys.executable, "-c", code, json.dumps(options), console], check=False)
    power = driver(options)
    assert power.state(timeout_s=1) is PowerState.ON
    wait_for(lambda: HELLO in console.read_bytes())
    pid = pid_of(options)
    power.off(timeout_s=TIMEOUT_S)
    assert not alive(pid)


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03, 0.1])
def test_a_starter_killed_at_any_moment_leaves_a_machine_that_can_be_switched(
    options: dict[str, object], tmp_path: Path, delay_s: float
) -> None:
    code = (
        "import json, sys; from kdyno_lab.power import build_driver; "
        "power = build_driver('qemu', json.loads(sys.argv[1])); print(flush=True); power.on(timeout_s=15)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code, json.dumps(options)], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    starter.stdout.readline()
    time.sleep(delay_s)
    starter.kill()
    starter.communicate()
    power = driver(options)
    console = tmp_path / "after.log"

    def cycled() -> bool:
        try:
            power.cycle(timeout_s=TIMEOUT_S, console=console)
        except PowerError:
            return False  # the orphan was between its start and its pidfile
        return True

    wait_for(cycled)
    wait_for(lambda: console.exists() and HELLO in console.read_bytes())


def test_without_the_record_the_pidfile_and_command_line_tell(options: dict[str, object], tmp_path: Path) -> None:
    driver(options).on(timeout_s=TIMEOUT_S, console=tmp_path / "7.log")
    record = tmp_path / "vm1" / "process.json"
    record.unlink()
    assert driver(options).state(timeout_s=1) is PowerState.ON
    # A pid that now belongs to someone else is not our machine, and is not killed.
    driver(options).off(timeout_s=TIMEOUT_S)
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "vm1" / "qemu.pid").write_text(f"{bystander.pid}\n")
        driver(options).off(timeout_s=TIMEOUT_S)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_taken_port_is_a_clear_error(options: dict[str, object], tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", int(str(options["ssh_port"]))))
        holder.listen()
        with pytest.raises(PowerError, match=r"hostfwd|forward"):
            driver(options).on(timeout_s=TIMEOUT_S, console=tmp_path / "7.log")


def test_the_trial_boot_finds_an_accelerator_that_works(tmp_path: Path) -> None:
    cache = tmp_path / "accelerator.json"
    choice = choose_accelerator(timeout_s=TIMEOUT_S, cache=cache)
    assert choice.trials[-1].works
    assert choice.accelerator is choice.trials[-1].accelerator
    again = choose_accelerator(timeout_s=TIMEOUT_S, cache=cache)
    assert again.cached
    assert again.accelerator is choice.accelerator


def serve(scripts: dict[str, str], *, port: int = 0) -> tuple[ThreadingHTTPServer, list[str]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            script = scripts.get(self.path.partition("?")[0])
            self.send_response(200 if script else 404)
            self.send_header("Content-Length", str(len(script or "")))
            self.end_headers()
            self.wfile.write((script or "").encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, asked


def test_ipxe_runs_our_scripts_and_falls_back_to_the_disk(tmp_path: Path) -> None:
    """A kernel that cannot be fetched is reported with its stage, and tried again; then the local disk."""
    known = BootMachine(name="vm1", mac=virtual_machines()[0].mac)
    profile = KernelProfile(server_url=SERVER_URL, attempt_id=7, token="t", build_key="gone", release="6.1.170")
    scripts = {
        "/boot/ipxe": render_chain(server_url=SERVER_URL),
        "/boot/machine": render_boot(known, profile),
    }
    server, asked = serve(scripts)
    options = machine_options(tmp_path, server_port=server.server_address[1], boot_first="network")
    (tmp_path / "disk.img").write_bytes(hello_sector())
    console = tmp_path / "7.log"
    power = driver(options)
    try:
        power.on(timeout_s=TIMEOUT_S, console=console)
        wait_for(lambda: b"kdyno-boot-error: stage=kernel try 2 of" in console.read_bytes(), timeout_s=60)
        assert any(path.startswith("/boot/machine?mac=52%3A54") or "mac=52:54" in path for path in asked)
        scripts["/boot/machine"] = render_boot(known, LocalDiskProfile())
        power.cycle(timeout_s=TIMEOUT_S, console=console)
        wait_for(lambda: HELLO in console.read_bytes(), timeout_s=60)
    finally:
        power.off(timeout_s=TIMEOUT_S)
        server.shutdown()
        server.server_close()


def test_a_server_that_is_away_when_the_firmware_asks_costs_one_more_try(tmp_path: Path) -> None:
    """iPXE's own first request is made once; without a way back the machine would sit at its firmware for ever."""
    port = free_port()
    options = machine_options(tmp_path, server_port=port, boot_first="network")
    console = tmp_path / "7.log"
    power = driver(options)
    server = None
    try:
        power.on(timeout_s=TIMEOUT_S, console=console)
        wait_for(lambda: b"No bootable device" in console.read_bytes(), timeout_s=60)
        server, asked = serve({"/boot/ipxe": "#!ipxe\necho the script runs\n"}, port=port)
        wait_for(lambda: b"\nthe script runs" in console.read_bytes(), timeout_s=60)
        assert asked[0] == "/boot/ipxe"
    finally:
        power.off(timeout_s=TIMEOUT_S)
        if server is not None:
            server.shutdown()
            server.server_close()

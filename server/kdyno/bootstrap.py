# SPDX-License-Identifier: GPL-2.0-or-later
"""What a lab on one host must have in its tables before anything runs: its tokens and its machines."""

import json
from pathlib import Path
from typing import Any

import structlog

from kdyno.accounts import service as accounts
from kdyno.analysis.machine_kind import MachineKind
from kdyno.config import AcceleratorWish, PowerWish, Settings
from kdyno.db.engine import UnitOfWork
from kdyno.machines import service as machines
from kdyno_lab.vlab.accelerator import Accelerator, choose_accelerator
from kdyno_lab.vlab.machines import virtual_machines

log = structlog.get_logger(__name__)

CLI_TOKEN_NAME = "command line"  # noqa: S105  (a name, not a secret)


def register_lab(unit_of_work: UnitOfWork, *, settings: Settings) -> None:
    """Register the token of the command line and the machines of this lab; safe to repeat."""
    inventory = _inventory(settings)
    with unit_of_work() as session:
        token = settings.paths.cli_token.read_text(encoding="ascii").strip()
        accounts.create_token(session, name=CLI_TOKEN_NAME, token=token)
        for machine in inventory:
            machines.register_machine(session, lab_name=settings.lab_name, **machine)


def _inventory(settings: Settings) -> list[dict[str, Any]]:
    if settings.machines_file is not None:
        return read_machines_file(settings.machines_file)
    if settings.power_driver is PowerWish.FAKE:
        raise ValueError("the fake power driver needs machines that say what plays the guest: KDYNO_MACHINES_FILE")
    accelerator = _accelerator(settings)
    kind = MachineKind.VIRTUAL_WALL if accelerator is Accelerator.KVM else MachineKind.VIRTUAL_ICOUNT
    return [
        {
            "name": machine.name,
            "machine_type": "virtual",
            "noise_kind": kind.value,
            "mac": machine.mac,
            "driver": PowerWish.QEMU.value,
            "options": machine.power_options(
                directory=settings.paths.machine(machine.name),
                server_port=settings.port,
                accelerator=accelerator.value,
            ),
        }
        for machine in virtual_machines(ssh_port_base=settings.ssh_port_base)
    ]


def _accelerator(settings: Settings) -> Accelerator:
    if settings.accelerator is not AcceleratorWish.AUTO:
        return Accelerator(settings.accelerator.value)
    choice = choose_accelerator(cache=settings.paths.cache / "accelerator.json")
    log.info("accelerator chosen", accelerator=choice.accelerator, trials=[str(t.reason) for t in choice.trials])
    return choice.accelerator


def read_machines_file(path: Path) -> list[dict[str, Any]]:
    """Machines of a lab as data: a JSON list of objects with the arguments of `register_machine`.

    Raises:
        ValueError: naming the file and what is wrong in it.
    """
    wanted = {"name", "machine_type", "noise_kind", "mac", "driver", "options"}
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ValueError(f"{path}: a JSON list of objects is expected")
    for item in listed:
        if set(item) != wanted:
            wrong = ", ".join(sorted(set(item) ^ wanted))
            raise ValueError(f"{path}: machine {item.get('name')!r}: missing or unknown: {wrong}")
        MachineKind(item["noise_kind"])
    return listed

# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot scripts: one golden file per scenario, and no value may smuggle a command in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden_files import assert_golden
from kdyno_lab.boot import (
    BootError,
    BootMachine,
    ImagerProfile,
    KernelProfile,
    LocalDiskProfile,
    NotAllowedProfile,
    Profile,
    render_boot,
    render_chain,
)

SERVER = "http://10.0.2.100:80"
VM1 = BootMachine(name="vm1", mac="52:54:00:6b:64:01")
IMAGER = ImagerProfile(server_url=SERVER, attempt_id=7, token="s3cret_Token-1", image_id="bookworm-0f3a")
KERNEL = KernelProfile(
    server_url=SERVER,
    attempt_id=7,
    token="s3cret_Token-1",
    build_key="9c41d07b",
    release="6.1.170-kdyno-9c41d07b",
    extra_arguments=("mitigations=off", "isolcpus=1-3,5"),
)


def test_the_static_script_asks_the_server() -> None:
    assert_golden(render_chain(server_url=SERVER), name="boot/chain.ipxe")


@pytest.mark.parametrize(
    ("scenario", "machine", "profile"),
    [
        ("imager", VM1, IMAGER),
        ("kernel", VM1, KERNEL),
        ("local-disk", VM1, LocalDiskProfile()),
        ("unknown-machine", None, LocalDiskProfile()),
        ("not-allowed", VM1, NotAllowedProfile(reason="machine is in quarantine")),
    ],
)
def test_a_scenario_renders_as_agreed(scenario: str, machine: BootMachine | None, profile: Profile) -> None:
    assert_golden(render_boot(machine, profile), name=f"boot/{scenario}.ipxe")


def test_an_unknown_machine_never_gets_an_installer() -> None:
    with pytest.raises(BootError, match="local disk"):
        render_boot(None, IMAGER)


@given(st.text(min_size=1))
def test_no_value_adds_a_line_or_a_command(text: str) -> None:
    makers = (
        lambda: render_boot(BootMachine(name=text, mac=VM1.mac), LocalDiskProfile()),
        lambda: render_boot(VM1, ImagerProfile(server_url=SERVER, attempt_id=1, token=text, image_id="i")),
        lambda: render_boot(VM1, ImagerProfile(server_url=SERVER, attempt_id=1, token="t", image_id=text)),
        lambda: render_boot(VM1, NotAllowedProfile(reason=text)),
        lambda: render_boot(
            VM1,
            KernelProfile(
                server_url=SERVER, attempt_id=1, token="t", build_key="b", release="r", extra_arguments=(text,)
            ),
        ),
    )
    for make in makers:
        try:
            script = make()
        except BootError:
            continue
        assert len(text.split()) <= 1 or "not allowed" in script
        assert not set(text) & set("\n\r${}|&#'\"\\`<>")


@pytest.mark.parametrize(
    "argument", ["kdyno.build=other", "root=/dev/sda", "init=/bin/sh", "-x", "a b", "a&&b", "${x}"]
)
def test_an_extra_argument_cannot_override_what_is_proven(argument: str) -> None:
    with pytest.raises(BootError, match="extra argument"):
        KernelProfile(
            server_url=SERVER, attempt_id=1, token="t", build_key="b", release="r", extra_arguments=(argument,)
        )


def test_a_command_line_the_kernel_would_cut_is_refused() -> None:
    arguments = tuple(f"module{index}.option=value" for index in range(100))
    profile = KernelProfile(
        server_url=SERVER, attempt_id=1, token="t", build_key="b", release="r", extra_arguments=arguments
    )
    with pytest.raises(BootError, match="too many"):
        render_boot(VM1, profile)

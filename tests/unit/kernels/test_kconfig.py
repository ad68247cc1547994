# SPDX-License-Identifier: GPL-2.0-or-later
"""Kconfigs: their text form, their hash, and that no option gets lost on the way."""

from pathlib import Path

import pytest

from kdyno.kernels.errors import KconfigError
from kdyno.kernels.kconfig import (
    KconfigBase,
    available_fragments,
    dropped_options,
    merge,
    parse_kconfig,
    parse_options,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.config").write_text("# SPDX\n# Small things\nCONFIG_A=y\n# CONFIG_B is not set\n")
    (tmp_path / "extra.config").write_text('CONFIG_B=y\nCONFIG_C="text"\n')
    (tmp_path / "Not-A-Fragment.config").write_text("CONFIG_X=y\n")
    return tmp_path


def test_text_form_round_trips(folder: Path) -> None:
    kconfig = parse_kconfig("tinyconfig+small+extra", folder=folder)
    assert kconfig.base is KconfigBase.TINYCONFIG
    assert str(kconfig) == "tinyconfig+small+extra"
    assert str(parse_kconfig("defconfig", folder=folder)) == "defconfig"


def test_later_fragments_win(folder: Path) -> None:
    assert parse_kconfig("tinyconfig+small+extra", folder=folder).requested() == {"A": "y", "B": "y", "C": '"text"'}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "unknown base ''; a kconfig starts with one of: tinyconfig, defconfig"),
        ("allyesconfig", "unknown base 'allyesconfig'"),
        ("tinyconfig+smal", "unknown fragment 'smal'; known: extra, small"),
        ("tinyconfig+../small", "unknown fragment '../small'"),
        ("tinyconfig+", "unknown fragment ''"),
        ("tinyconfig+small+small", "named twice"),
        ("tinyconfig" + "+small" * 100, "at most"),
    ],
)
def test_bad_text_is_refused_with_what_is_known(folder: Path, text: str, says: str) -> None:
    with pytest.raises(KconfigError) as caught:
        parse_kconfig(text, folder=folder)
    assert says in str(caught.value)
    assert caught.value.field == "kconfig"


def test_hash_covers_base_contents_and_order(folder: Path) -> None:
    names = ["tinyconfig", "defconfig", "tinyconfig+small", "tinyconfig+small+extra", "tinyconfig+extra+small"]
    digests = {parse_kconfig(name, folder=folder).digest for name in names}
    assert len(digests) == len(names)
    before = parse_kconfig("tinyconfig+small", folder=folder).digest
    (folder / "small.config").write_text("CONFIG_A=n\n")
    assert parse_kconfig("tinyconfig+small", folder=folder).digest != before


def test_summary_is_the_first_comment_that_says_something(folder: Path) -> None:
    assert available_fragments(folder)["small"].summary == "Small things"


def test_merge_replaces_and_adds() -> None:
    merged = merge("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_K=3\n", requested={"B": "y", "A": "n", "N": "5"})
    assert parse_options(merged) == {"K": "3", "B": "y", "A": "n", "N": "5"}
    assert merged.count("CONFIG_A") == 1


def test_dropped_options_are_found() -> None:
    dropped = dropped_options("CONFIG_A=y\nCONFIG_N=4\n", requested={"A": "y", "N": "5", "GONE": "y", "OFF": "n"})
    assert [str(option) for option in dropped] == ["CONFIG_N=5 became 4", "CONFIG_GONE=y became n"]


def test_shipped_fragments_parse() -> None:
    kconfig = parse_kconfig("tinyconfig+virt-min")
    assert kconfig.requested()["VIRTIO_BLK"] == "y"
    assert all(fragment.summary for fragment in available_fragments().values())

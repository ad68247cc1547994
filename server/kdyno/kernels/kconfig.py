# SPDX-License-Identifier: GPL-2.0-or-later
"""A kconfig is a base that every kernel source has, plus named fragments kept as files beside this module."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kdyno.kernels.errors import KconfigError

FRAGMENTS_DIR = Path(__file__).parent / "kconfigs"
SUFFIX = ".config"
TEXT_LIMIT = 200
NOT_SET = "n"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
_SET = re.compile(r"CONFIG_([A-Za-z0-9_]+)=(.+)")
_UNSET = re.compile(r"# CONFIG_([A-Za-z0-9_]+) is not set")


class KconfigBase(StrEnum):
    """Targets of the kernel's Makefile that write a complete configuration from nothing."""

    TINYCONFIG = "tinyconfig"
    DEFCONFIG = "defconfig"


@dataclass(frozen=True)
class Fragment:
    """A named set of options laid over the base."""

    name: str
    text: str

    @property
    def summary(self) -> str:
        """The first comment line that is not the licence."""
        comments = (line.lstrip("# ") for line in self.text.splitlines() if line.startswith("# "))
        return next((line for line in comments if not line.startswith(("SPDX", "CONFIG_"))), "")


@dataclass(frozen=True)
class DroppedOption:
    """An option that was asked for and is not in the final configuration."""

    symbol: str
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"CONFIG_{self.symbol}={self.wanted} became {self.got}"


@dataclass(frozen=True)
class Kconfig:
    """What a request wants configured; `str()` gives the text form, such as `tinyconfig+virt-min`."""

    base: KconfigBase
    fragments: tuple[Fragment, ...] = ()

    def __str__(self) -> str:
        return "+".join([self.base.value, *(fragment.name for fragment in self.fragments)])

    @property
    def digest(self) -> str:
        """Hash of the base's name and of every fragment's contents, in order."""
        hasher = hashlib.sha256(self.base.value.encode())
        for fragment in self.fragments:
            hasher.update(b"\0" + fragment.text.encode())
        return hasher.hexdigest()

    def requested(self) -> dict[str, str]:
        """Every symbol the fragments set; where two disagree the later one wins."""
        options: dict[str, str] = {}
        for fragment in self.fragments:
            options |= parse_options(fragment.text)
        return options


def available_fragments(folder: Path = FRAGMENTS_DIR) -> dict[str, Fragment]:
    """Every fragment on disk, by name."""
    found = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        name = path.name.removesuffix(SUFFIX)
        if _NAME.fullmatch(name):
            found[name] = Fragment(name=name, text=path.read_text(encoding="utf-8"))
    return found


def parse_kconfig(text: str, *, folder: Path = FRAGMENTS_DIR) -> Kconfig:
    """Read the text form: a base, then fragments, joined by `+`."""
    if len(text) > TEXT_LIMIT:
        raise KconfigError(f"a kconfig is at most {TEXT_LIMIT} characters, such as tinyconfig+virt-min")
    base_name, *names = text.strip().split("+")
    bases = ", ".join(base.value for base in KconfigBase)
    if base_name not in set(KconfigBase):
        raise KconfigError(f"unknown base {base_name!r}; a kconfig starts with one of: {bases}")
    known = available_fragments(folder)
    for name in names:
        if name not in known:
            raise KconfigError(f"unknown fragment {name!r}; known: {', '.join(known) or 'none'}")
    if len(set(names)) != len(names):
        raise KconfigError(f"a fragment is named twice in {text!r}")
    return Kconfig(base=KconfigBase(base_name), fragments=tuple(known[name] for name in names))


def parse_options(text: str) -> dict[str, str]:
    """Symbol → value of a fragment or of a `.config`; `n` stands for "is not set"."""
    options = {}
    for raw in text.splitlines():
        line = raw.strip()
        if match := _SET.fullmatch(line):
            options[match[1]] = match[2]
        elif match := _UNSET.fullmatch(line):
            options[match[1]] = NOT_SET
    return options


def merge(config: str, *, requested: Mapping[str, str]) -> str:
    """Lay the requested options over a `.config`, replacing what it says about them."""
    kept = [line for line in config.splitlines() if not _mentions(line, requested)]
    return "\n".join([*kept, *(_option_line(symbol, value) for symbol, value in requested.items())]) + "\n"


def dropped_options(final: str, *, requested: Mapping[str, str]) -> list[DroppedOption]:
    """The requested options that `olddefconfig` did not keep: each one makes this a wrong kernel."""
    got = parse_options(final)
    return [
        DroppedOption(symbol=symbol, wanted=wanted, got=got.get(symbol, NOT_SET))
        for symbol, wanted in requested.items()
        if got.get(symbol, NOT_SET) != wanted
    ]


def describe_dropped(dropped: Iterable[DroppedOption]) -> str:
    """One line for the person who asked."""
    listed = "; ".join(str(option) for option in dropped)
    return f"this source tree does not keep what the kconfig asks for: {listed}"


def _mentions(line: str, symbols: Mapping[str, str]) -> bool:
    match = _SET.fullmatch(line) or _UNSET.fullmatch(line)
    return match is not None and match[1] in symbols


def _option_line(symbol: str, value: str) -> str:
    return f"# CONFIG_{symbol} is not set" if value == NOT_SET else f"CONFIG_{symbol}={value}"

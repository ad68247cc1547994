# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the golden image's packages come from: this host's own package sources where they fit, so that a mirror or
proxy that the host needs is used for the image too; Debian's default otherwise."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_APT_DIRECTORY = Path("/etc/apt")
_ONE_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)")


def suitable_sources(suite: str, *, apt_directory: Path = _APT_DIRECTORY) -> list[str]:
    """The host's entries for a Debian suite, each as the text of a deb822 stanza or a one-line entry.

    An entry fits if all it names are the suite itself and its updates, with the component `main`: other vendors'
    repositories call their suites differently or have no `main`. Empty on a host of another distribution.
    """
    return [*_stanzas(suite, apt_directory), *_lines(suite, apt_directory)]


def write_sources(entries: list[str], *, directory: Path) -> list[Path]:
    """Write the entries to files that apt tells apart by their suffix."""
    stanzas = [entry for entry in entries if "\n" in entry]
    lines = [entry for entry in entries if "\n" not in entry]
    written = []
    for name, text in (("host.sources", "\n\n".join(stanzas)), ("host.list", "\n".join(lines))):
        if text:
            path = directory / name
            path.write_text(text + "\n")
            written.append(path)
    return written


def transport_options() -> list[str]:
    """This host's settings for package downloads (proxies, certificates), as apt options."""
    try:
        result = subprocess.run(
            ["apt-config", "dump", "Acquire::http", "Acquire::https"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line for line in result.stdout.splitlines() if re.match(r'Acquire::https?::\S+ "[^"]+";$', line)]


def _is_suite(name: str, suite: str) -> bool:
    return name in {suite, f"{suite}-updates", f"{suite}-security"}


def _stanzas(suite: str, apt_directory: Path) -> Iterator[str]:
    for path in sorted(apt_directory.glob("sources.list.d/*.sources")):
        for block in re.split(r"\n\s*\n", path.read_text()):
            stanza = "\n".join(line for line in block.splitlines() if not line.startswith("#"))
            fields = {
                key.strip().lower(): value.split()
                for key, separator, value in (line.partition(":") for line in stanza.splitlines())
                if separator
            }
            suites = fields.get("suites", [])
            if (
                "deb" in fields.get("types", [])
                and fields.get("enabled", ["yes"]) != ["no"]
                and suites
                and all(_is_suite(name, suite) for name in suites)
                and "main" in fields.get("components", [])
            ):
                yield stanza


def _lines(suite: str, apt_directory: Path) -> Iterator[str]:
    for path in [apt_directory / "sources.list", *sorted(apt_directory.glob("sources.list.d/*.list"))]:
        if not path.is_file():
            continue
        for line in path.read_text().splitlines():
            match = _ONE_LINE.match(line.strip())
            if match and _is_suite(match["suite"], suite) and "main" in match["components"].split():
                yield line.strip()

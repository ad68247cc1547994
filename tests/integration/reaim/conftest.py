# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test, built as it ships, and a build for the tests that has faulty operations."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def reaim_program() -> Path:
    subprocess.run(["make", "--silent", "-C", ROOT / "bench-c", "build/reaim"], check=True, timeout=250)
    return ROOT / "bench-c/build/reaim"


@pytest.fixture(scope="session")
def faulty_program() -> Path:
    """Driver and operations under the sanitizers, with operations that fail in every way."""
    subprocess.run(["make", "--silent", "-C", ROOT / "bench-c", "build/tests/reaim-faulty"], check=True, timeout=280)
    return ROOT / "bench-c/build/tests/reaim-faulty"


@dataclass(frozen=True)
class Reaim:
    """reaim in a directory of its own."""

    program: Path
    folder: Path

    def workfile(self, text: str, *, name: str = "workfile") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def __call__(self, *arguments: str, timeout_s: float = 60, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *arguments],
            check=False,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.program, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def fails(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """A run that must end in an error and leave neither files nor processes behind."""
        done = self(*arguments, **options)
        assert done.returncode == 1, done.stdout + done.stderr
        assert self.leftovers() == []
        assert self.processes() == []
        assert "Sanitizer" not in done.stderr
        return done

    def processes(self) -> list[psutil.Process]:
        """Those that work in this folder, or below it: runs, users, helpers."""
        return [p for p in psutil.process_iter(["cwd"]) if str(p.info["cwd"]).startswith(str(self.folder))]

    def document(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """What --json prints, checked against the published schema; the exit status must be 0."""
        done = self(*arguments, "--json", **options)
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        check_document(document)
        return document

    def leftovers(self) -> list[Path]:
        return list(self.folder.glob("**/reaim-run.*"))


def check_document(document: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "bench-c/reaim/schema/reaim-1.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)


@pytest.fixture
def reaim(reaim_program: Path, tmp_path: Path) -> Reaim:
    return Reaim(reaim_program, tmp_path)


@pytest.fixture
def faulty(faulty_program: Path, tmp_path: Path) -> Reaim:
    return Reaim(faulty_program, tmp_path)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What a lab says of itself survives the way through its file."""

from pathlib import Path

import pytest

from kdyno.supervisor.state import ChildReport, ChildState, LabReport, LabState, read_report, write_report
from kdyno_lab.power.process import ProcessIdentity


def test_a_report_comes_back_as_it_was(tmp_path: Path) -> None:
    identity = ProcessIdentity(pid=7, start_ticks=8, host_boot_id="b")
    child = ChildReport(about="a", log="l", state=ChildState.WAITING, identity=identity, restarts=2, last_end="x")
    report = LabReport(data_dir="/d", state=LabState.READY, supervisor=identity, children={"server": child})
    write_report(report, path=tmp_path / "up.json")
    assert read_report(tmp_path / "up.json") == report
    assert [path.name for path in tmp_path.iterdir()] == ["up.json"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"children": {"x": {}}}', '{"children": {}, "state": "odd"}'])
def test_what_is_no_report_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "up.json").write_text(content)
    assert read_report(tmp_path / "up.json") is None
    assert read_report(tmp_path / "missing") is None

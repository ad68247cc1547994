# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno analyze changepoints`: every form of input, every form of answer, and what a shell is told."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from kdyno.cli.main import app

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
PNG = b"\x89PNG\r\n"
STEP = 60
RNG = np.random.default_rng(20)
STEADY = 100 * np.exp(0.01 * RNG.standard_normal(120))
STEPPED = STEADY * np.where(np.arange(120) < STEP, 1.0, 1.2)


@pytest.fixture(autouse=True)
def in_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def kdyno(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["analyze", "changepoints", *arguments], input=stdin)


def write(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def lines(values: np.ndarray) -> str:
    return "".join(f"{value!r}\n" for value in values.tolist())


def found(*arguments: str, stdin: str | None = None) -> dict[str, Any]:
    result = kdyno(*arguments, "--format", "json", stdin=stdin)
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(document, json.loads((SCHEMAS / "kdyno.changepoints-1.json").read_text(encoding="utf-8")))
    return document


def test_a_step_is_found_in_every_form_of_file() -> None:
    repetitions = STEPPED[:, None] * np.array([0.999, 1.0, 1.001])
    rows = "".join(" ".join(map(repr, point)) + "\n" for point in repetitions.tolist())
    table = "commit,value\n" + "".join(
        f"c{at},{value!r}\n" for at, point in enumerate(repetitions.tolist()) for value in point
    )
    values = STEPPED.tolist()
    forms = {
        "lines": lines(STEPPED),
        "rows": rows,
        "table.csv": table,
        "list.json": json.dumps(values),
        "object.json": json.dumps({"unit": "ms", "values": values, "labels": [f"c{at}" for at in range(120)]}),
    }
    answers = {name: found(write(name, text)) for name, text in forms.items()}
    for name, answer in answers.items():
        (change,) = answer["changes"]
        assert (answer["source"], answer["points"], change["kind"]) == (name, 120, "step")
        assert abs(change["index"] - STEP) <= 1
        assert change["low"] <= STEP <= change["high"]
        assert change["effect_low"] < 0.2 < change["effect_high"]
        assert answer["reports"] is None
    assert [answers[name]["changes"][0]["label"] for name in ("table.csv", "object.json")] == [
        f"c{answers[name]['changes'][0]['index']}" for name in ("table.csv", "object.json")
    ]
    assert answers["object.json"]["unit"] == "ms"


def test_the_text_says_what_and_where() -> None:
    result = kdyno(write("series.txt", lines(STEPPED)), "--unit", "ns/op")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 change in 120 points of series.txt, in ns/op\n")
    assert "step: the level moved" in result.stdout


def test_a_quiet_series_has_none_and_says_so() -> None:
    result = kdyno("-", "--fail-on-change", stdin=lines(STEADY))
    assert result.exit_code == 0
    assert result.stdout.startswith("No change in 120 points of standard input")


def test_a_change_can_be_a_failure() -> None:
    assert kdyno("-", stdin=lines(STEPPED)).exit_code == 0
    assert kdyno("-", "--fail-on-change", stdin=lines(STEPPED)).exit_code == 1


def test_a_replay_tells_when_the_change_was_known() -> None:
    answer = found("-", "--online", stdin=lines(STEPPED))
    confirmed = [report for report in answer["reports"] if report["kind"] == "confirmed"]
    assert [abs(report["change"]["index"] - STEP) <= 2 for report in confirmed] == [True]
    assert STEP < confirmed[0]["at"] <= STEP + 15
    text = kdyno("-", "--online", stdin=lines(STEPPED)).stdout
    assert text.startswith(f"at point {confirmed[0]['at']}: confirmed: step at ")
    assert "\nThe whole series:\n1 change in 120 points" in text


def test_reports_come_while_the_series_still_grows() -> None:
    command = [sys.executable, "-m", "kdyno.cli.main", "analyze", "changepoints", "-", "--online"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines(STEPPED[: STEP + 20]))
        process.stdin.flush()
        assert "confirmed: step at" in process.stdout.readline()
        process.stdin.write(lines(STEPPED[STEP + 20 :]))
        process.stdin.close()
        assert "1 change in 120 points" in process.stdout.read()
    assert process.returncode == 0


def test_pictures() -> None:
    whole = kdyno("-", "--format", "png", stdin=lines(STEPPED))
    assert whole.stdout_bytes.startswith(PNG)
    replayed = kdyno("-", "--online", "-o", "replay.png", stdin=lines(STEPPED))
    assert (replayed.exit_code, replayed.stdout) == (0, "")
    assert Path("replay.png").read_bytes().startswith(PNG)
    assert Path("replay.png").read_bytes() != whole.stdout_bytes


def test_a_picture_on_a_terminal_becomes_a_file() -> None:
    write("series.txt", lines(STEPPED))
    command = [sys.executable, "-m", "kdyno.cli.main", "analyze", "changepoints", "series.txt", "--format", "png"]
    controller, terminal = os.openpty()
    try:
        done = subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, text=True, check=True)
    finally:
        os.close(terminal)
        os.close(controller)
    assert done.stderr == "written to series.changepoints.png\n"
    assert Path("series.changepoints.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("online", [[], ["--online"]])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "standard input: empty"),
        ("1\n2\n3\n", "standard input: "),
        (lines(STEADY) + "nan\n", "standard input: line 121: 'nan' is not a number (NaN)"),
        (lines(STEADY) + "inf\n", "standard input: line 121: 'inf' is infinite"),
        (lines(STEADY) + "twelve\n", "standard input: line 121: 'twelve' is not a number"),
        ("1 ms\n" + lines(STEADY), "standard input: line 2: mixed units: none here, ms before"),
        ("a,b\n1,2\n", "which column? choose with --column: 'a', 'b'"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str, online: list[str]) -> None:
    result = kdyno("-", *online, stdin=text)
    assert result.exit_code == 2
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_options_choose_columns_and_labels() -> None:
    table = "date,user,system\n" + "".join(f"2030-{at},{STEADY[at]},{STEPPED[at]}\n" for at in range(120))
    write("t.csv", table)
    (change,) = found("t.csv", "--column", "system", "--label", "date")["changes"]
    assert change["label"] == f"2030-{change['index']}"
    assert found("t.csv", "--column", "user")["changes"] == []

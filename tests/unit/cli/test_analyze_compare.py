# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno analyze compare` and `manifest`: what people and shells are told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from golden_files import GOLDEN
from kdyno.cli import analyze_files
from kdyno.cli.main import app
from tests.reaim_document import reaim_document

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
PNG = b"\x89PNG\r\n"


@pytest.fixture(autouse=True)
def in_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def kdyno(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["analyze", *arguments])


def write(name: str, content: object) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return name


def own(name: str, level: float, *, boots: int = 6, noise: float = 0.001, **changes: Any) -> str:
    """A document of kdyno's own form; the same arguments give the same samples."""
    rng = np.random.default_rng(list(name.encode()))
    levels = level * np.exp(noise * rng.standard_normal(boots))
    samples = [list(value * np.exp(noise * rng.standard_normal(40))) for value in levels]
    return write(name, {"metric": "m", "unit": "ns", "direction": "lower", "boots": samples} | changes)


def kbench(name: str, *, release: str, benchmarks: tuple[str, ...] = ("lat_pipe",), **changes: Any) -> str:
    content = json.loads((GOLDEN / "kbench" / "one-boot.json").read_text(encoding="utf-8"))
    content["host"] |= {"uname_release": release} | changes
    run = content["benchmarks"][0]
    rng = np.random.default_rng(list(name.encode()))
    content["benchmarks"] = []
    for benchmark in benchmarks:
        metric = run["metrics"][0] | {"samples": list(100 * np.exp(0.001 * rng.standard_normal(50)))}
        content["benchmarks"].append(run | {"name": benchmark, "metrics": [metric]})
    return write(name, content)


@pytest.mark.parametrize(
    ("level", "direction", "verdict", "code"),
    [
        (110, "lower", "regression", 1),
        (110, "higher", "improvement", 0),
        (100, "lower", "no-change", 0),
        (101, "lower", "need-more", 4),
    ],
)
def test_a_verdict_is_an_exit_code(level: float, direction: str, verdict: str, code: int) -> None:
    result = kdyno("compare", own("a.json", 100, direction=direction), own("b.json", level, direction=direction))
    assert result.exit_code == code
    assert result.stdout.startswith(f"Overall: {verdict} (")
    assert result.stderr == ""


def test_boots_come_from_files_and_directories() -> None:
    for number in range(3):
        kbench(f"base/{number}.json", release="1")
        kbench(f"patched/{number}.json", release="2")
    write("base/notes.txt", "not a document")
    extra = kbench("more.json", release="2")
    result = kdyno("compare", "--base", "base", "--patched", "patched", "--patched", extra, "--format", "json")
    document = json.loads(result.stdout)
    jsonschema.validate(document, json.loads((SCHEMAS / "kdyno.comparison-1.json").read_text(encoding="utf-8")))
    (metric,) = document["metrics"]
    assert (metric["metric"], metric["placement"], metric["unit"]) == ("lat_pipe", "same-cpu", "ns/op")
    assert (metric["base_boots"], metric["patched_boots"]) == (3, 4)
    assert {item["class"] for item in document["state_differences"]} == {"expected"}
    assert document["complete"]


def test_what_is_left_out_is_told_and_is_no_all_clear() -> None:
    arms = {"base": ("lat_pipe", "lat_ctx", "null"), "patched": ("lat_pipe", "null")}
    for arm, benchmarks in arms.items():
        for number in range(6):
            kbench(f"{arm}/{number}.json", release=arm, benchmarks=benchmarks)
    result = kdyno("compare", "base", "patched")
    assert result.exit_code == 4
    assert "Not compared:\n  lat_ctx: only base has it\n  null: the harness's own cost" in result.stdout
    assert "--partial" in result.stderr
    accepted = kdyno("compare", "base", "patched", "--partial")
    assert (accepted.exit_code, accepted.stderr) == (0, "")


def test_parts_of_a_mix_that_moved_are_told_and_not_judged() -> None:
    slower = {"pipe_cpy": 1.5, "page_test": 0.8}
    for seed in range(6):
        write(f"base/{seed}.json", reaim_document(seed=seed))
        write(f"patched/{seed}.json", reaim_document(seed=seed + 10, slower=slower))
    text = kdyno("compare", "base", "patched", "--margin", "2%")
    assert (text.exit_code, text.stderr) == (0, "")
    assert text.stdout.startswith("Overall: no-change")
    told = text.stdout[text.stdout.index("Moved inside of") :].splitlines()
    assert told[0] == "Moved inside of short, which has no part in the verdict: 2 of 12 parts"
    assert [(line.split()[1], line.split()[-1]) for line in told[4:]] == [
        ("pipe_cpy", "worse"),
        ("page_test", "better"),
    ]
    document = json.loads(kdyno("compare", "base", "patched", "--margin", "2%", "--format", "json").stdout)
    jsonschema.validate(document, json.loads((SCHEMAS / "kdyno.comparison-1.json").read_text(encoding="utf-8")))
    assert [metric["metric"] for metric in document["metrics"]] == ["short"]
    # one metric is held against the whole of alpha, however many parts it has
    assert document["metrics"][0]["level"] == document["alpha"]
    assert len(document["details"]) == 12
    moved = {part["metric"]: part["verdict"] for part in document["details"] if part["verdict"] != "no-change"}
    assert moved == {"short pipe_cpy": "regression", "short page_test": "improvement"}


def test_history_informs_parts_too() -> None:
    files = [write(f"{seed}.json", reaim_document(seed=seed)) for seed in (1, 2)]
    arms = [list(1e5 * np.exp(0.0005 * np.random.default_rng(seed).standard_normal(5))) for seed in range(10)]
    metrics = [{"metric": "short pipe_cpy", "unit": "ns", "arms": arms}]
    history = write("history.json", {"schema": "kdyno.history/1", "metrics": metrics})
    result = kdyno("compare", *files, "--history", history, "--format", "json")
    learned = [part["metric"] for part in json.loads(result.stdout)["details"] if part["prior_learned"]]
    assert (learned, result.stderr) == (["short pipe_cpy"], "")


def test_another_machine_is_refused_unless_it_is_wanted() -> None:
    files = [kbench("a.json", release="1"), kbench("b.json", release="2", cpu_model="another")]
    result = kdyno("compare", *files)
    assert result.exit_code == 2
    assert "b.json against a.json: host/cpu_model" in result.stderr
    assert "another processor" in result.stderr
    wanted = kdyno("compare", *files, "--ignore-state")
    assert wanted.exit_code == 4
    assert "invalidating, b.json: host/cpu_model" in wanted.stdout


def test_margin_alpha_and_history_count() -> None:
    files = [own("a.json", 100, boots=2, noise=0.004), own("b.json", 100, boots=2, noise=0.004)]
    assert kdyno("compare", *files).exit_code == 4
    assert kdyno("compare", *files, "--margin", "20%", "--alpha", "0.2").exit_code == 0
    arms = [list(100 * np.exp(0.0005 * np.random.default_rng(seed).standard_normal(5))) for seed in range(10)]
    metrics = [{"metric": name, "unit": "ns", "arms": arms} for name in ("m", "other")]
    history = write("history.json", {"schema": "kdyno.history/1", "metrics": metrics})
    result = kdyno("compare", *files, "--history", history, "--format", "json")
    assert json.loads(result.stdout)["metrics"][0]["prior_learned"]
    assert result.stderr == "kdyno: history.json: no such metric is compared: other\n"


def test_percentiles_are_metrics_of_their_own() -> None:
    result = kdyno("compare", own("a.json", 100), own("b.json", 100), "--percentile", "50", "--percentile", "90",
                   "--format", "json")  # fmt: skip
    assert [(item["metric"], item["quantile"]) for item in json.loads(result.stdout)["metrics"]] == [
        ("m p50", 0.5),
        ("m p90", 0.9),
    ]


def test_a_picture_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [own("a.json", 100), own("b.json", 110)]
    piped = kdyno("compare", *files, "--format", "png")
    assert piped.stdout_bytes.startswith(PNG)
    assert piped.exit_code == 1
    named = kdyno("compare", *files, "-o", "out.png")
    assert (named.stdout, Path("out.png").read_bytes()) == ("", piped.stdout_bytes)
    monkeypatch.setattr(analyze_files, "on_terminal", lambda: True)
    shown = kdyno("compare", *files, "--format", "png")
    assert (shown.stdout, shown.stderr) == ("", "written to comparison.png\n")
    assert Path("comparison.png").read_bytes() == piped.stdout_bytes


def test_output_names_choose_the_format() -> None:
    files = [own("a.json", 100), own("b.json", 110)]
    assert kdyno("compare", *files, "-o", "answer.json").stdout == ""
    assert json.loads(Path("answer.json").read_text(encoding="utf-8"))["verdict"] == "regression"
    assert kdyno("compare", *files, "-o", "answer.txt").exit_code == 1
    assert Path("answer.txt").read_text(encoding="utf-8").startswith("Overall: regression")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "two arms are needed"),
        (["a.json"], "two arguments are needed, base and patched, not 1"),
        (["a.json", "a.json", "a.json"], "not 3; more files go by --base and --patched"),
        (["--base", "a.json"], "two arms are needed"),
        (["a.json", "a.json", "--base", "a.json"], "not both"),
        (["a.json", "missing.json"], "cannot read missing.json: No such file"),
        (["a.json", "empty"], "empty: no *.json file in this directory"),
        (["a.json", "text.json"], "text.json: no JSON: line 1"),
        (["a.json", "latin.json"], "latin.json: line 1: byte 0xe9 is no UTF-8 text"),
        (["a.json", "us.json"], "m: a.json measures ns (lower is better), us.json us"),
        (
            ["a.json", "other.json"],
            "nothing to compare:\nNot compared:\n  m: only base has it\n  n: only patched has it",
        ),
        (["a.json", "a.json", "--history", "a.json"], "a.json: metrics: Field required"),
        (["a.json", "a.json", "-o", "no/such/folder"], "cannot write no/such/folder: No such file"),
        (["a.json", "a.json", "--margin", "1"], "1 is 100 %"),
        (["a.json", "a.json", "--margin", "a bit"], "neither a percentage like 1% nor a share"),
        (["a.json", "a.json", "--alpha", "0"], "--alpha 0 would need endless boots"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], words: str) -> None:
    own("a.json", 100)
    own("us.json", 100, unit="us")
    own("other.json", 100, metric="n")
    write("text.json", "hello\x1b[31m")
    Path("latin.json").write_bytes(b"\xe9")
    Path("empty").mkdir()
    result = kdyno("compare", *arguments)
    assert result.exit_code == 2
    flowed = " ".join(result.stderr.replace("│", " ").split())
    assert " ".join(words.split()) in flowed
    assert "\x1b" not in result.stderr


def test_files_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyze_files, "MOST_BYTES", 1 << 20)
    write("big.json", "[" + "1," * (1 << 20))
    result = kdyno("compare", "big.json", "big.json")
    assert (result.exit_code, result.stderr) == (2, "kdyno: big.json: more than 1 MiB\n")


def test_manifests_are_told_apart() -> None:
    base, patched, disturbed = (str(GOLDEN / "manifest" / f"{name}.json") for name in ("base", "patched", "disturbed"))
    same = kdyno("manifest", base, patched)
    assert (same.exit_code, same.stdout) == (0, (GOLDEN / "manifest" / "expected.txt").read_text(encoding="utf-8"))
    other = kdyno("manifest", base, disturbed, "--format", "json")
    assert other.exit_code == 1
    assert other.stdout == (GOLDEN / "manifest" / "disturbed-diff.json").read_text(encoding="utf-8")
    assert kdyno("manifest", base, base).stdout == "No differences.\n"


def test_documents_of_kbench_are_compared_by_their_head() -> None:
    result = kdyno("manifest", kbench("a.json", release="1"), kbench("b.json", release="2", clocksource="hpet"))
    assert result.exit_code == 1
    assert 'host/clocksource: "tsc" → "hpet"' in result.stdout
    assert "samples" not in result.stdout


def test_rules_can_be_replaced_and_are_checked() -> None:
    files = [write("a.json", {"x": 1}), write("b.json", {"x": 2})]
    rules = write("own.toml", '[[rule]]\npaths = ["x"]\nclass = "invalidating"\nreason = "x counts here"\n')
    assert kdyno("manifest", *files).exit_code == 0
    result = kdyno("manifest", *files, "--rules", rules)
    assert result.exit_code == 1
    assert "x counts here" in result.stdout
    assert "rule 1: class 'odd'" in kdyno("manifest", *files, "--rules", write("bad.toml",
        '[[rule]]\npaths = ["x"]\nclass = "odd"\nreason = "r"\n')).stderr  # fmt: skip
    assert "cannot read none.toml" in kdyno("manifest", *files, "--rules", "none.toml").stderr


def test_help_is_cheap_and_complete() -> None:
    heavy = "{'numpy', 'scipy', 'matplotlib', 'pydantic', 'sqlalchemy'}"
    code = f"import sys, kdyno.cli.main; print(sorted({heavy} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
    for command in ("changepoints", "compare", "manifest"):
        words = " ".join(kdyno(command, "--help").stdout.split())
        assert "Exit code: 0" in words

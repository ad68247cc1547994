# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurement files of two arms: what is compared, and that nothing is dropped without a word."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from golden_files import GOLDEN, assert_golden
from kdyno.analysis.comparison_document import ComparisonDocument
from kdyno.analysis.documents.arms import JoinedArms, join_arms
from kdyno.analysis.documents.history import HistoryDocument, learned_priors, read_history
from kdyno.analysis.documents.measured import DocumentError, MeasuredDocument
from kdyno.analysis.documents.registry import read_measured, state_of
from kdyno.analysis.documents.samples import SamplesDocument
from kdyno.analysis.documents.series import SeriesDocument
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.noise import DEFAULTS, learn_prior
from kdyno.analysis.samples import Metric
from kdyno.analysis.verdicts import Direction
from tests.reaim_document import reaim_document, single_document

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
KBENCH: dict[str, Any] = json.loads((GOLDEN / "kbench" / "one-boot.json").read_text(encoding="utf-8"))
FALLBACK = DEFAULTS[MachineKind.HARDWARE].prior


def kbench(source: str, *runs: dict[str, Any], **host: Any) -> MeasuredDocument:
    """A real document with other benchmarks, other samples in each file, and other facts about the host."""
    content = copy.deepcopy(KBENCH)
    content["host"] |= host
    content["benchmarks"] = list(runs) or [run("lat_pipe")]
    rng = np.random.default_rng(list(source.encode()))
    for benchmark in content["benchmarks"]:
        for metric in benchmark["metrics"]:
            metric["samples"] = list(100 + rng.random(20))
    return read_measured(json.dumps(content), source=source)


def run(name: str, **changes: Any) -> dict[str, Any]:
    metrics = [{"name": "latency", "unit": "ns/op", "direction": "lower"}]
    metrics = changes.pop("metrics", metrics if changes.get("status", "done") == "done" else [])
    content = {
        "name": name,
        "placement": "same-cpu",
        "parameters": {},
        "status": "done",
        "reason": "",
        "metrics": metrics,
    }
    return copy.deepcopy(content | changes)


def own(source: str, **changes: Any) -> MeasuredDocument:
    content = {"metric": "jobs", "unit": "1/min", "direction": "higher", "boots": [[1, 2.5], [3.0, 4]]}
    return read_measured(json.dumps(content | changes), source=source)


def left_out(joined: JoinedArms) -> list[tuple[str, str, bool]]:
    return [(item.what, item.reason, item.open) for item in joined.left_out]


def test_a_document_of_kbench_is_one_boot() -> None:
    document = read_measured(json.dumps(KBENCH), source="a.json")
    assert [series.identity.name for series in document.series] == ["lat_syscall_getppid", "null"]
    assert [len(series.boots) for series in document.series] == [1, 1]
    assert document.series[0].boots[0] == KBENCH["benchmarks"][0]["metrics"][0]["samples"]
    assert state_of(KBENCH) == document.state == {"harness": KBENCH["harness"], "host": KBENCH["host"]}


def test_the_own_form_holds_several_boots_and_files_add_up() -> None:
    joined = join_arms([own("a"), own("b", boots=[[7]])], [own("c")])
    (pair,) = joined.pairs
    assert [boot.boot_id for boot in pair.base.boots] == ["a#1", "a#2", "b"]
    assert [list(boot.samples) for boot in pair.base.boots] == [[1, 2.5], [3, 4], [7]]
    assert (pair.metric.name, pair.metric.direction) == ("jobs", Direction.HIGHER)
    assert joined.complete


def test_names_are_short_where_that_is_enough() -> None:
    two = [{"name": name, "unit": "ns/op", "direction": "lower"} for name in ("latency", "overhead")]
    runs = [
        run("lat_ctx", metrics=two),
        run("lat_pipe"),
        run("lat_pipe", placement="cross-cpu"),
        run("lat_pipe", placement="cross-cpu", parameters={"bytes": 64}),
    ]
    joined = join_arms([kbench("a", *runs)], [kbench("b", *runs)])
    assert [pair.metric.name for pair in joined.pairs] == [
        "lat_ctx",
        "lat_ctx overhead",
        "lat_pipe (same-cpu)",
        "lat_pipe (cross-cpu)",
        "lat_pipe (cross-cpu, bytes=64)",
    ]
    assert [identity.placement for identity in joined.identities] == ["same-cpu"] * 3 + ["cross-cpu"] * 2


def test_what_only_one_arm_has_is_named_with_what_is_nearly_alike() -> None:
    base = kbench("a", run("lat_pipe"), run("lat_ctx", parameters={"size": 1}), run("both"))
    patched = kbench("b", run("lat_pipe", placement="free"), run("lat_ctx", parameters={"size": 2}), run("both"))
    joined = join_arms([base], [patched])
    assert [pair.metric.name for pair in joined.pairs] == ["both"]
    assert left_out(joined)[:2] == [
        ("lat_pipe (same-cpu)", "only base has it; patched measured it with free, which is another series", True),
        (
            "lat_ctx (same-cpu, size=1)",
            "only base has it; patched measured it with same-cpu, size=2, which is another series",
            True,
        ),
    ]
    assert not joined.complete


def test_failures_are_named_with_their_boots() -> None:
    broken = run("lat_ctx", status="error", reason="work() counted 3 of 4")
    joined = join_arms(
        [kbench("a", run("lat_pipe"), run("lat_ctx")), kbench("b", run("lat_pipe"), run("lat_ctx"))],
        [kbench("c", run("lat_pipe"), broken), kbench("d", run("lat_pipe"), run("lat_ctx"))],
    )
    assert left_out(joined) == [
        ("lat_ctx (same-cpu)", "failed in 1 of 2 patched boots (c): work() counted 3 of 4", True)
    ]
    assert [len(pair.patched.boots) for pair in joined.pairs] == [2, 1]


def test_what_no_boot_could_run_and_the_harness_itself_leave_nothing_open() -> None:
    skipped = run("lat_futex", status="skip", reason="no futex")
    joined = join_arms(*([kbench(name, run("lat_pipe"), run("null"), skipped)] for name in "ab"))
    assert left_out(joined) == [
        ("null", "the harness's own cost, which no kernel changes", False),
        ("lat_futex (same-cpu)", "skipped in all base boots, all patched boots: no futex", False),
    ]
    assert joined.complete
    one_sided = join_arms([kbench("a", run("lat_futex"))], [kbench("b", skipped)])
    assert [item.open for item in one_sided.left_out] == [True, True]


def test_the_state_of_every_boot_is_compared_with_the_first() -> None:
    joined = join_arms(
        [kbench("a", uname_release="1"), kbench("b", uname_release="1")],
        [kbench("c", uname_release="2"), kbench("d", uname_release="2", clocksource="hpet")],
    )
    assert [(item.source, item.difference.path) for item in joined.invalidating] == [("d", ("host", "clocksource"))]
    mixed = join_arms([kbench("a", uname_release="1"), kbench("b", uname_release="2")], [kbench("c")])
    (finding,) = mixed.invalidating
    assert (finding.source, finding.difference.reason) == ("b", "boots of one arm ran different kernels")


@pytest.mark.parametrize(
    ("base", "patched", "words"),
    [
        ([own("a")], [own("b", unit="1/s")], "jobs: a measures 1/min (higher is better), b 1/s (higher is better)"),
        ([own("a")], [own("b", direction="lower")], "b 1/min (lower is better); nothing is converted"),
        ([own("a"), own("a")], [own("b")], "jobs: a has it twice"),
        ([kbench("a", run("x"), run("x"))], [own("b")], "x: a has it twice"),
        ([own("a", boots=[[1.0]] * 1000), own("b")], [own("c")], "jobs: more than 1000 base boots"),
        ([own("a", boots=[list(range(1, 20))] * 2)], [own("b")], "jobs: a#1 and a#2 hold the same samples"),
    ],
)
def test_arms_that_contradict_themselves_are_refused(
    base: list[MeasuredDocument], patched: list[MeasuredDocument], words: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        join_arms(base, patched)
    assert words in str(caught.value)


def test_a_coarse_clock_may_give_two_boots_alike() -> None:
    assert join_arms([own("a", boots=[[5.0] * 50] * 2)], [own("b")]).pairs


def mutated(**changes: Any) -> str:
    content = copy.deepcopy(KBENCH)
    content["benchmarks"][0] |= changes
    return json.dumps(content)


def boots(text: str, *, metric: str = "m", more: str = "") -> str:
    return f'{{"metric": "{metric}", "unit": "u", "direction": "lower", "boots": {text}{more}}}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "f: no JSON: line 1, column 1"),
        ("[1, 2]", "f: needs a JSON object"),
        (
            '{"schema": "kdyno.kbench/9"}',
            "f: schema 'kdyno.kbench/9' is none of kdyno.kbench/1, kdyno.reaim/1, kdyno.samples/1",
        ),
        ('{"schema": []}', "f: schema [] is none of"),
        ("{}", "f: metric: Field required; unit: Field required; direction: Field required; boots: Field required"),
        (mutated(status="odd"), "f: benchmarks[0].status: Input should be 'done', 'error' or 'skip', got 'odd'"),
        (mutated(metrics=[{"name": "m"}]), "f: benchmarks[0].metrics[0].unit: Field required"),
        (json.dumps(KBENCH).replace('"lower"', '"down"'), "metrics[0].direction: Input should be 'lower' or 'higher'"),
        (boots("[]"), "f: boots: List should have at least 1"),
        (boots("[[1], []]"), "f: boots[1]: List should have at least 1"),
        (boots("[[1, -2]]"), "f: boots[0][1]: Input should be greater than 0, got -2"),
        (boots("[[1, 2], [1, true]]"), "f: boots[1][1]: Input should be a valid number, got True"),
        (boots("[[1e999]]"), "f: boots[0][0]: Input should be a finite number, got inf"),
        (boots('[["3", 0, 0, 0, 0, 0, 0]]'), "boots[0][4]: Input should be greater than 0, got 0; and 2 more"),
        (boots("[[NaN]]"), "f: NaN is no number in JSON"),
        (boots("[[1]]", metric=""), "f: metric: String should have at least 1"),
        (boots("[[1]]", more=', "x": 1'), "f: x: Extra inputs are not permitted, got 1"),
    ],
)
def test_wrong_documents_are_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_measured(text, source="f")
    assert words in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("document", [KBENCH, reaim_document(), single_document()], ids=["kbench", "reaim", "single"])
@given(JSON, st.data())
def test_a_document_with_anything_in_any_place_is_read_or_refused(
    document: dict[str, Any], value: object, data: st.DataObject
) -> None:
    content = copy.deepcopy(document)
    node: Any = content
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not (isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans())):
            break
        node = node[key]
    node[key] = value
    text = json.dumps(content)
    try:
        documents = [read_measured(text, source=source) for source in "ab"]
        assert join_arms(documents[:1], documents[1:]).complete or documents[0].failed
    except DocumentError as error:
        assert str(error)


def test_history_teaches_the_noise_of_each_metric() -> None:
    rng = np.random.default_rng(1)
    arms = [list(6400 * np.exp(0.003 * rng.standard_normal(4))) for _ in range(6)]
    text = json.dumps({"schema": "kdyno.history/1", "metrics": [{"metric": "lat_pipe", "unit": "ns/op", "arms": arms}]})
    history = read_history(text, source="h")
    metrics = [Metric(name, "ns/op", Direction.LOWER) for name in ("lat_pipe", "lat_ctx")]
    priors = learned_priors(history, metrics=metrics, fallback=FALLBACK, source="h")
    assert list(priors) == ["lat_pipe"]
    assert priors["lat_pipe"].learned
    assert priors["lat_pipe"] == learn_prior(arms, fallback=FALLBACK)
    with pytest.raises(DocumentError, match=r"h: lat_pipe is in ns/op, the comparison in us/op"):
        learned_priors(history, metrics=[Metric("lat_pipe", "us/op", Direction.LOWER)], fallback=FALLBACK, source="h")


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ([], "h: metrics: List should have at least 1"),
        ([{"metric": "m", "unit": "u", "arms": [[1]]}] * 2, "h: m stands there twice"),
        ([{"metric": "m", "unit": "u", "arms": [[0]]}], "h: metrics[0].arms[0][0]: Input should be greater than 0"),
    ],
)
def test_a_wrong_history_is_refused(metrics: list[Any], words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_history(json.dumps({"schema": "kdyno.history/1", "metrics": metrics}), source="h")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("model", "written"),
    [
        (SamplesDocument, False),
        (HistoryDocument, False),
        (SeriesDocument, False),
        (ComparisonDocument, True),
    ],
)
def test_the_published_schemas_are_the_models(model: type[BaseModel], written: bool) -> None:
    name = model.model_fields["schema_name"].default
    schema = model.model_json_schema(mode="serialization" if written else "validation")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:{name.replace('/', ':')}"}
    assert_golden(json.dumps(head | schema, indent=1) + "\n", name=f"{name.replace('/', '-')}.json", folder=SCHEMAS)

# SPDX-License-Identifier: GPL-2.0-or-later
"""reaim's documents as arms: what is judged, which parts go with it, and what is told of the rest."""

import json
from typing import Any

import pytest

from kdyno.analysis.documents.arms import JoinedArms, join_arms
from kdyno.analysis.documents.measured import DocumentError, MeasuredDocument
from kdyno.analysis.documents.registry import read_measured, state_of
from tests.reaim_document import TIMES_NS, broken_document, reaim_document, single_document

PARTS = {"child_time", "child_system_time", "child_user_time", *TIMES_NS}


def read(source: str, document: dict[str, Any]) -> MeasuredDocument:
    return read_measured(json.dumps(document), source=source)


def joined(base: dict[str, Any], patched: dict[str, Any]) -> JoinedArms:
    return join_arms([read("a", base)], [read("b", patched)])


def several_users(*, seed: int) -> dict[str, Any]:
    document, more = reaim_document(users=1, seed=seed), reaim_document(users=2, seed=seed)
    return document | {key: document[key] + more[key] for key in ("passes", "metrics")}


def names(found: JoinedArms) -> list[str]:
    return [pair.metric.name for pair in found.pairs]


def test_jobs_per_minute_is_judged_and_the_parts_are_a_family_of_their_own() -> None:
    found = joined(reaim_document(seed=1), reaim_document(seed=2))
    assert names(found) == ["short"]
    (family,) = found.details
    assert family.workload == "short"
    assert {pair.metric.name for pair in family.pairs} == {f"short {name}" for name in PARTS}
    assert [identity.metric for identity in found.identities] == ["jpm"]
    assert found.complete
    assert not found.left_out


def test_with_one_user_the_mean_rate_is_judged() -> None:
    found = joined(single_document(seed=1), single_document(seed=2))
    assert names(found) == ["short"]
    assert [identity.metric for identity in found.identities] == ["mean_rate"]
    assert [{pair.metric.name for pair in family.pairs} for family in found.details] == [
        {f"short {name}" for name in TIMES_NS}
    ]


def test_numbers_of_users_are_judged_apart_and_their_parts_together() -> None:
    found = joined(several_users(seed=1), several_users(seed=2))
    assert names(found) == ["short (1 user)", "short (2 users)"]
    (family,) = found.details
    assert family.workload == "short"
    assert len(family.pairs) == 2 * len(PARTS)
    assert "short page_test (2 users)" in [pair.metric.name for pair in family.pairs]


def with_weights(**weights: int) -> dict[str, Any]:
    document = reaim_document(seed=2)
    document["subtests"] = [test | {"weight": weights.get(test["name"], 10)} for test in document["subtests"]]
    return document


SKIPPED = {"skipped": [{"name": "io_uring_rr", "reason": "not in this kernel"}]}


@pytest.mark.parametrize(
    ("patched", "telling"),
    [
        (reaim_document(seed=2) | {"seed": 7}, ("2 users, seed=1", "2 users, seed=7")),
        (reaim_document(seed=2) | SKIPPED, ("2 users", "2 users without io_uring_rr")),
        (
            reaim_document(users=3, seed=2),
            ("2 users, end_users=2, start_users=2", "3 users, end_users=3, start_users=3"),
        ),
        (with_weights(page_test=5, tcp_test=15), ("2 users, mix=c11948a1", "2 users, mix=52aa8211")),
    ],
    ids=["seed", "skipped", "users", "weights"],
)
def test_what_makes_it_another_series_is_named_once_for_all_parts(
    patched: dict[str, Any], telling: tuple[str, str]
) -> None:
    found = joined(reaim_document(), patched)
    assert not found.pairs
    assert not found.details
    here, there = telling
    assert [(item.what, item.reason, item.open) for item in found.left_out] == [
        (
            f"short ({name})",
            f"only {arm} has it; {other_arm} measured it with {other}, which is another series"
            f" (nor are its {len(PARTS)} parts compared)",
            True,
        )
        for name, arm, other_arm, other in ((here, "base", "patched", there), (there, "patched", "base", here))
    ]


def test_another_workfile_is_another_benchmark() -> None:
    other = reaim_document(seed=2) | {"workfile": {"path": "workfile.long", "total_weight": 90}}
    found = joined(reaim_document(), other)
    assert [(item.what, item.reason.split(" (")[0]) for item in found.left_out] == [
        ("short", "only base has it"),
        ("long", "only patched has it"),
    ]


def test_many_series_nearly_alike_are_counted() -> None:
    others = [read(f"b{seed}", reaim_document(seed=seed) | {"seed": seed}) for seed in range(2, 8)]
    found = join_arms([read("a", reaim_document())], others)
    assert "2 users, seed=3 and with 2 users, seed=4 and in 3 more ways, which" in found.left_out[0].reason


def test_a_part_alone_leaves_the_answer_whole() -> None:
    without = reaim_document(seed=2)
    without["metrics"] = [metric for metric in without["metrics"] if metric["subtest"] != "tcp_test"]
    found = joined(reaim_document(), without)
    assert [(item.what, item.reason, item.open) for item in found.left_out] == [
        ("short tcp_test", "only base has it", False)
    ]
    assert found.complete


def test_a_time_of_zero_is_named_and_the_other_parts_are_compared() -> None:
    coarse = reaim_document(seed=2)
    (metric,) = (metric for metric in coarse["metrics"] if metric["name"] == "child_user_time")
    metric["samples"][1] = 0.0
    found = joined(reaim_document(), coarse)
    (item,) = found.left_out
    assert (item.what, item.open) == ("short child_user_time", False)
    assert "boot b" in item.reason
    assert "sample 1" in item.reason
    assert len(found.details[0].pairs) == len(PARTS) - 1


@pytest.mark.parametrize(("status", "word"), [("error", "failed"), ("skip", "skipped")])
def test_a_run_without_figures_is_named_and_leaves_the_answer_open(status: str, word: str) -> None:
    broken = read("c", broken_document("child 2: fork_test: no memory", status=status))
    found = join_arms([read("a", reaim_document())], [read("b", reaim_document(seed=2)), broken])
    assert names(found) == ["short"]
    assert [(item.what, item.reason, item.open) for item in found.left_out] == [
        ("short (multiuser, seed=1)", f"{word} in 1 of 2 patched boots (c): child 2: fork_test: no memory", True)
    ]


def test_host_and_harness_are_the_state() -> None:
    document = reaim_document()
    assert state_of(document) == read("a", document).state == {key: document[key] for key in ("harness", "host")}
    other = reaim_document(seed=2)
    other["host"] |= {"clocksource": "hpet"}
    assert [item.difference.path for item in joined(document, other).invalidating] == [("host", "clocksource")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "both"}, "f: mode: Input should be 'multiuser' or 'oneuser', got 'both'"),
        ({"metrics": reaim_document()["metrics"][1:]}, "f: Value error, metrics: no jpm for 2 users"),
        ({"metrics": [reaim_document()["metrics"][0] | {"samples": [0]}]}, "metrics: jpm is not greater than 0"),
    ],
)
def test_a_wrong_document_is_refused_with_the_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read("f", reaim_document() | change)
    assert words in str(caught.value)

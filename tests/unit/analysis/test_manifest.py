# SPDX-License-Identifier: GPL-2.0-or-later
"""State manifests of two boots: nothing that differs is missed, and each difference is judged by a rule."""

import copy
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden_files import GOLDEN, assert_golden
from kdyno.analysis.manifest import (
    Difference,
    DifferenceClass,
    DifferenceKind,
    RulesError,
    compare_manifests,
    difference_text,
    load_rules,
    manifest_document,
    manifest_text,
)

ROLES = Path(__file__).parents[3] / "ansible" / "roles"
BASE: dict[str, Any] = json.loads((GOLDEN / "manifest" / "base.json").read_text(encoding="utf-8"))
PATCHED: dict[str, Any] = json.loads((GOLDEN / "manifest" / "patched.json").read_text(encoding="utf-8"))
NO_RULES = load_rules().__class__(rules=(), splits=(), unordered=())

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
# documents that meet the rules: known names, and texts that are compared by their parts
NAMES = st.sampled_from([*BASE, "host", "harness", "clock", "root", "x"])
TEXTS = st.sampled_from(
    [BASE["cmdline"], PATCHED["cmdline"], BASE["kernel_version"], "a=1 a=2", 'b="c d', "", "services"]
)
MANIFESTS = st.recursive(
    st.none() | st.integers(0, 2) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


def only(before: Any, after: Any) -> Difference:
    (difference,) = compare_manifests(before, after).differences
    return difference


@given(JSON | MANIFESTS)
def test_identical_documents_do_not_differ(document: Any) -> None:
    assert compare_manifests(document, copy.deepcopy(document)).differences == ()


@given(JSON | MANIFESTS, JSON | MANIFESTS)
def test_any_two_documents_are_compared_and_shown(before: Any, after: Any) -> None:
    diff = compare_manifests(before, after)
    text = manifest_text(diff)
    assert text.isprintable() or all(line.isprintable() for line in text.splitlines())
    assert json.loads(json.dumps(manifest_document(diff)))["comparable"] is diff.comparable
    paths = [item.path for item in diff.differences]
    assert len(paths) == len(set(paths))


@given(JSON | MANIFESTS, JSON | MANIFESTS)
def test_exchanged_documents_differ_in_the_same_places_and_classes(before: Any, after: Any) -> None:
    def seen(first: Any, second: Any) -> list[tuple[object, ...]]:
        return [
            (item.path, item.difference_class, item.reason) for item in compare_manifests(first, second).differences
        ]

    assert seen(before, after) == seen(after, before)


@given(JSON, JSON)
def test_without_rules_every_leaf_that_differs_is_told_once(before: Any, after: Any) -> None:
    old, new = plain_leaves(before), plain_leaves(after)
    wanted = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    inner = {path[:length] for path in [*old, *new] for length in range(len(path))}
    # an empty container against a full one is told by the members of the full one
    wanted -= {path for path in inner if {old.get(path), new.get(path)} & {"[]", "{}"}}
    told = [item.path for item in compare_manifests(before, after, rules=NO_RULES).differences]
    assert sorted(told, key=repr) == sorted(wanted, key=repr)


def plain_leaves(document: Any) -> dict[tuple[object, ...], str]:
    """The specification of what a leaf is, by recursion: its text, by path."""
    if isinstance(document, dict | list) and document:
        members = document.items() if isinstance(document, dict) else enumerate(document)
        return {(key, *path): text for key, inner in members for path, text in plain_leaves(inner).items()}
    if isinstance(document, dict | list):
        return {(): "[]" if isinstance(document, list) else "{}"}
    if isinstance(document, float) and document.is_integer():
        document = int(document)
    return {(): json.dumps(document)}


def test_two_boots_of_one_lab_differ_as_expected() -> None:
    diff = compare_manifests(BASE, PATCHED)
    assert diff.comparable
    assert {item.difference_class for item in diff.differences} == {DifferenceClass.EXPECTED}
    assert_golden(manifest_text(diff), name="manifest/expected.txt")


def test_a_disturbed_boot_is_told_in_words_and_as_json() -> None:
    disturbed = json.loads((GOLDEN / "manifest" / "disturbed.json").read_text(encoding="utf-8"))
    diff = compare_manifests(BASE, disturbed)
    assert not diff.comparable
    assert_golden(manifest_text(diff), name="manifest/disturbed.txt")
    assert_golden(json.dumps(manifest_document(diff), indent=1) + "\n", name="manifest/disturbed-diff.json")


def test_the_order_of_keys_changes_nothing() -> None:
    mixed = dict(reversed(PATCHED.items()))
    assert compare_manifests(BASE, mixed) == compare_manifests(BASE, PATCHED)


def test_every_fact_that_the_roles_report_has_a_rule() -> None:
    """A fact added to a role needs a rule, or at least somebody's thought."""
    scripts = "".join(path.read_text(encoding="utf-8") for path in sorted(ROLES.glob("*/files/*.sh")))
    facts = set(re.findall(r"json_(?:string|number|list|open) (\w+)", scripts)) - {"changed"}
    assert facts >= {"release", "cmdline", "mitigations", "programs"}
    rules = load_rules()
    assert facts == BASE.keys() - {"schema"}
    for fact in facts:
        members = [(name,) for name in BASE[fact]] if isinstance(BASE[fact], dict) else [()]
        for member in members:
            _, reason = rules.judge((fact, *member), before="a", after="b", one_side=False)
            assert reason != "no rule knows this fact", fact


@pytest.mark.parametrize(
    ("fact", "value", "path", "difference_class"),
    [
        ("memory_kb", BASE["memory_kb"] + 5000, "memory_kb", "expected"),
        ("memory_kb", 2 * BASE["memory_kb"], "memory_kb", "invalidating"),
        ("memory_kb", None, "memory_kb", "invalidating"),
        ("cpus", "1", "cpus", "invalidating"),
        ("image_id", "cafe0002", "image_id", "invalidating"),
        ("mitigations", BASE["mitigations"] | {"retbleed": "x"}, "mitigations/retbleed", "notable"),
        ("mitigations", BASE["mitigations"] | {"l1tf": "x"}, "mitigations/l1tf", "invalidating"),
        ("services", [*BASE["services"], "cron.service"], "services/cron.service", "notable"),
        ("swaps", ["vdb"], "swaps/vdb", "invalidating"),
        ("cmdline", BASE["cmdline"] + " isolcpus=1", "cmdline/isolcpus", "invalidating"),
        ("cmdline", BASE["cmdline"].replace("attempt=7", "attempt=9"), "cmdline/kdyno.attempt", "expected"),
        ("cmdline", " ".join(reversed(BASE["cmdline"].split())), "cmdline", "notable"),
        ("kernel_version", "odd", "kernel_version", "notable"),
        ("kernel_version", BASE["kernel_version"].replace(" PREEMPT", ""), "kernel_version/options", "notable"),
        ("kernel_version", BASE["kernel_version"].replace("gcc", "icc"), "kernel_version/compiler", "invalidating"),
        ("clocksources_available", "tsc hpet", "clocksources_available/acpi_pm", "notable"),
        ("fans", 3, "fans", "notable"),
    ],
)
def test_each_rule_at_work(fact: str, value: object, path: str, difference_class: str) -> None:
    difference = only(BASE, BASE | {fact: value})
    assert ("/".join(map(str, difference.path)), difference.difference_class) == (path, difference_class)


def test_what_kbench_saw_of_mitigations_weighs_as_much_as_what_the_roles_saw() -> None:
    seen: dict[str, Any] = {"host": {"mitigations": {"l1tf": "Not affected"}}}
    changed = only(seen, {"host": {"mitigations": {"l1tf": "Vulnerable"}}})
    assert changed.difference_class is DifferenceClass.INVALIDATING
    added = only(seen, {"host": {"mitigations": seen["host"]["mitigations"] | {"retbleed": "x"}}})
    assert added.difference_class is DifferenceClass.NOTABLE


@pytest.mark.parametrize(
    ("before", "after", "kind", "text"),
    [
        ({"x": 1}, {"x": 2}, DifferenceKind.CHANGED, "x: 1 → 2"),
        ({"x": 1}, {"x": "1"}, DifferenceKind.TYPE, 'x: 1 → "1" (another type)'),
        ({"x": 1}, {"x": True}, DifferenceKind.TYPE, "x: 1 → true (another type)"),
        ({"x": {}}, {"x": []}, DifferenceKind.TYPE, "x: {} → [] (another type)"),
        ({"x": [1, 2]}, {"x": [1]}, DifferenceKind.ONLY_IN_A, "x/1: only in A: 2"),
        ({"x": []}, {"x": [1]}, DifferenceKind.ONLY_IN_B, "x/0: only in B: 1"),
        ({"timers": ["t"]}, {"timers": []}, DifferenceKind.ONLY_IN_A, "timers/t: only in A"),
        ({"timers": ["t"]}, {"timers": ["t", "t"]}, DifferenceKind.CHANGED, 'timers/t: "t" → "2 times"'),
        (None, 1, DifferenceKind.TYPE, "the whole document: null → 1 (another type)"),
        ({}, {"\x1b[31m": "\x9b"}, DifferenceKind.ONLY_IN_B, '"\\u001b[31m": only in B: "\\u009b"'),
        ({}, {"x": "a" * 500}, DifferenceKind.ONLY_IN_B, 'x: only in B: "' + "a" * 118 + "…"),
    ],
)
def test_one_difference_on_one_line(before: Any, after: Any, kind: DifferenceKind, text: str) -> None:
    difference = only(before, after)
    assert difference.kind is kind
    assert difference_text(difference) == text


def test_equal_numbers_do_not_differ() -> None:
    before = {"i": 1, "nan": math.nan, "services": ["a", "b"]}
    assert compare_manifests(before, {"i": 1.0, "nan": math.nan, "services": ["b", "a"]}).differences == ()


def test_depth_does_not_matter() -> None:
    deep: Any = 1
    for _ in range(3_000):
        deep = {"x": deep}
    assert [len(item.path) for item in compare_manifests(deep, 1).differences] == [0, 3_000]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[rule", "rules.toml: "),
        ("[[rules]]", "unknown rules"),
        ('[[rule]]\npaths = ["a"]\nclass = "odd"\nreason = "r"', "rule 1: class 'odd' is none of invalidating"),
        ('[[rule]]\npaths = ["a"]\nclass = "notable"', "rule 1: needs paths, class and reason"),
        ('[[rule]]\npaths = []\nclass = "notable"\nreason = "r"', "rule 1: paths and reason must not be empty"),
        ('[[split]]\npath = "a"\npattern = "("', "split 1"),
        ('[[split]]\npath = "a"\ninto = "lines"', "split 1: needs path"),
    ],
)
def test_rules_that_make_no_sense_are_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RulesError, match=re.escape(words)):
        load_rules(path)

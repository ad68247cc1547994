# SPDX-License-Identifier: GPL-2.0-or-later
"""Differences between manifests for people and for programs."""

import json
from itertools import groupby
from typing import Any

from kdyno.analysis.manifest.diff import Difference, DifferenceKind, ManifestDiff
from kdyno.analysis.manifest.rules import DifferenceClass, Leaf

SCHEMA = "kdyno.manifest-diff/1"
SHOWN_CHARACTERS = 120


def manifest_text(diff: ManifestDiff) -> str:
    """A sentence, then the differences by class and reason."""
    if not diff.differences:
        return "No differences.\n"
    counts = {kind: len(diff.of_class(kind)) for kind in DifferenceClass}
    total = len(diff.differences)
    shown = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    lines = [f"{total} difference{'s' if total > 1 else ''}: {shown}."]
    for kind in DifferenceClass:
        if diff.of_class(kind):
            lines += ["", f"{kind.capitalize()}: {kind.meaning}."]
        for reason, group in groupby(sorted(diff.of_class(kind), key=lambda item: item.reason), lambda i: i.reason):
            lines += [f"  {reason}", *(f"    {difference_text(item)}" for item in group)]
    return "\n".join(lines) + "\n"


def difference_text(difference: Difference) -> str:
    """One difference on one line: `microcode: "0x1" → "0x2"`, `timers/odd.timer: only in B`."""
    place = "/".join(_plain(str(part)) for part in difference.path) or "the whole document"
    if difference.kind in {DifferenceKind.ONLY_IN_A, DifferenceKind.ONLY_IN_B}:
        value = difference.before if difference.kind is DifferenceKind.ONLY_IN_A else difference.after
        # members of a list and kernel arguments are their own names
        named = difference.path and difference.path[-1] == value
        return f"{place}: {difference.kind}" + ("" if named else f": {_value(value)}")
    note = f" ({difference.kind})" if difference.kind is DifferenceKind.TYPE else ""
    return f"{place}: {_value(difference.before)} → {_value(difference.after)}{note}"


def manifest_document(diff: ManifestDiff) -> dict[str, Any]:
    """The same for programs. `before` and `after` are there only where the document has a value."""
    return {
        "schema": SCHEMA,
        "comparable": diff.comparable,
        "counts": {str(kind): len(diff.of_class(kind)) for kind in DifferenceClass},
        "differences": [_entry(item) for item in diff.differences],
    }


def _entry(item: Difference) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if item.kind is not DifferenceKind.ONLY_IN_B:
        values["before"] = item.before
    if item.kind is not DifferenceKind.ONLY_IN_A:
        values["after"] = item.after
    head = {"path": list(item.path), "class": str(item.difference_class), "kind": str(item.kind)}
    return head | values | {"reason": item.reason}


def _plain(text: str) -> str:
    """Text that a terminal shows as it is: a manifest may come from anywhere."""
    return text if text.isprintable() else json.dumps(text)


def _value(value: Leaf) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if shown.isprintable() else json.dumps(value)
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[: SHOWN_CHARACTERS - 1] + "…"

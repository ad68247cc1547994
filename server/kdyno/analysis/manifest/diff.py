# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares two JSON documents leaf by leaf, and has each difference judged by the rules (pure)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kdyno.analysis.manifest.rules import DifferenceClass, Leaf, LeafPath, Rules, Split, load_rules

_ORDER = list(DifferenceClass)


class DifferenceKind(StrEnum):
    """How two documents differ at one place."""

    CHANGED = "changed"
    TYPE = "another type"
    ONLY_IN_A = "only in A"
    ONLY_IN_B = "only in B"


@dataclass(frozen=True)
class Difference:
    """One leaf that differs. `path`: keys and list positions from the root; a member of an unordered list is named by
    its text. `before` and `after`: the values in A and B, None where there is none (see `kind`)."""

    path: LeafPath
    kind: DifferenceKind
    difference_class: DifferenceClass
    before: Leaf
    after: Leaf
    reason: str


@dataclass(frozen=True)
class ManifestDiff:
    """All differences, the weightiest first, then by path."""

    differences: tuple[Difference, ...]

    def of_class(self, difference_class: DifferenceClass) -> tuple[Difference, ...]:
        return tuple(item for item in self.differences if item.difference_class is difference_class)

    @property
    def comparable(self) -> bool:
        """Whether figures of the two boots may be compared."""
        return not self.of_class(DifferenceClass.INVALIDATING)


def compare_manifests(before: Any, after: Any, *, rules: Rules | None = None) -> ManifestDiff:
    """Compare two documents as json.loads gives them, of any shape. Raises nothing.

    Numbers are equal when their values are (1 and 1.0), and NaN equals itself; true is not 1. An empty list or object
    against a full one is told by the members of the full one. The same in every run and for every order of keys.
    """
    rules = rules or load_rules()
    parts_before, parts_after = _parts(before, after, splits=rules.splits)
    old = _leaves(before, parts=parts_before, rules=rules)
    new = _leaves(after, parts=parts_after, rules=rules)
    told_by_members = _containers(old) | _containers(new)
    found = []
    for path in old.keys() | new.keys():
        kind = _kind(path, old=old, new=new)
        empty = _is_empty(old.get(path)) or _is_empty(new.get(path))
        if kind is None or (empty and path in told_by_members):
            continue
        before, after = old.get(path), new.get(path)
        one_side = kind in {DifferenceKind.ONLY_IN_A, DifferenceKind.ONLY_IN_B}
        difference_class, reason = rules.judge(path, before=before, after=after, one_side=one_side)
        found.append(Difference(path, kind, difference_class, before, after, reason))
    return ManifestDiff(tuple(sorted(found, key=_sort_key)))


def _parts(before: Any, after: Any, *, splits: Iterable[Split]) -> tuple[dict[LeafPath, Leaf], dict[LeafPath, Leaf]]:
    """Parts of the texts that are compared by parts, for either document.

    A text stays whole when the other document has no such text, and when the parts would not show the difference.
    """
    found: tuple[dict[LeafPath, Leaf], dict[LeafPath, Leaf]] = ({}, {})
    for split in splits:
        texts = [_at(split.path, document) for document in (before, after)]
        old, new = (split.parts(text) if isinstance(text, str) else None for text in texts)
        if old is not None and new is not None and old != new:
            found[0][split.path], found[1][split.path] = dict(old), dict(new)
    return found


def _at(path: LeafPath, document: Any) -> Any:
    """What a document has at a path of keys; None for nothing."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _leaves(document: Any, *, parts: dict[LeafPath, Leaf], rules: Rules) -> dict[LeafPath, Leaf]:
    """Scalars and empty containers by path. A loop, because nesting may be deeper than Python recurses."""
    leaves: dict[LeafPath, Leaf] = {}
    waiting: list[tuple[LeafPath, Any]] = [((), document)]
    while waiting:
        path, node = waiting.pop()
        node = parts.get(path, node)
        if isinstance(node, dict) and node:
            waiting += [((*path, key), value) for key, value in node.items()]
        elif isinstance(node, list) and node:
            if rules.is_unordered(path) and all(isinstance(member, str) for member in node):
                counts = Counter(node)
                leaves |= {(*path, text): text if count == 1 else f"{count} times" for text, count in counts.items()}
            else:
                waiting += [((*path, position), member) for position, member in enumerate(node)]
        else:
            leaves[path] = node
    return leaves


def _containers(leaves: dict[LeafPath, Leaf]) -> set[LeafPath]:
    """Paths that have something below them."""
    return {path[:length] for path in leaves for length in range(len(path))}


def _is_empty(leaf: Leaf) -> bool:
    return isinstance(leaf, list | dict)


def _kind(path: LeafPath, *, old: dict[LeafPath, Leaf], new: dict[LeafPath, Leaf]) -> DifferenceKind | None:
    """How the documents differ here; None when they do not."""
    if path not in new:
        return DifferenceKind.ONLY_IN_A
    if path not in old:
        return DifferenceKind.ONLY_IN_B
    before, after = old[path], new[path]
    if _type(before) is not _type(after):
        return DifferenceKind.TYPE
    # NaN is the one value that is not equal to itself
    return None if before == after or (before != before and after != after) else DifferenceKind.CHANGED


def _type(leaf: Leaf) -> type:
    """JSON has one type of number; Python counts true among them."""
    return float if isinstance(leaf, int) and not isinstance(leaf, bool) else type(leaf)


def _sort_key(difference: Difference) -> tuple[int, list[tuple[bool, int, str]]]:
    """Positions sort as numbers, and before keys."""
    path = [(isinstance(part, str), 0 if isinstance(part, str) else part, str(part)) for part in difference.path]
    return _ORDER.index(difference.difference_class), path

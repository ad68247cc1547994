# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules by which differences between two manifests are judged: data in rules.toml, read and checked here."""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache
from pathlib import Path
from typing import Any

RULES = Path(__file__).with_name("rules.toml")
WORDS = "words"

Leaf = str | int | float | bool | None | list[Any] | dict[str, Any]
LeafPath = tuple[str | int, ...]


class DifferenceClass(StrEnum):
    """What a difference does to a comparison, the weightiest first."""

    INVALIDATING = "invalidating"
    NOTABLE = "notable"
    EXPECTED = "expected"

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _MEANINGS[self]


_MEANINGS = {
    DifferenceClass.INVALIDATING: "figures of the two must not be compared",
    DifferenceClass.NOTABLE: "may have moved the figures; look at it before believing a small effect",
    DifferenceClass.EXPECTED: "differs between any two boots, or is what is being compared",
}


class RulesError(ValueError):
    """A rules file that makes no sense; says which entry."""


@dataclass(frozen=True)
class Pattern:
    """A path with one shell pattern per segment, divided by "/"; a last segment ** stands for all below."""

    segments: tuple[re.Pattern[str], ...]
    all_below: bool

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        *leading, last = text.split("/")
        all_below = last == "**"
        segments = leading if all_below else [*leading, last]
        return cls(tuple(re.compile(translate(segment)) for segment in segments), all_below)

    def fits(self, path: LeafPath) -> bool:
        if len(path) < len(self.segments) or (len(path) > len(self.segments) and not self.all_below):
            return False
        return all(segment.match(str(part)) for segment, part in zip(self.segments, path, strict=False))


@dataclass(frozen=True)
class Rule:
    """One judgement. `within`: only for two numbers that differ by no more than this part of the larger.

    `one_side`: only for what one of the two does not have at all.
    """

    patterns: tuple[Pattern, ...]
    difference_class: DifferenceClass
    reason: str
    within: float | None = None
    one_side: bool = False

    def judges(self, path: LeafPath, *, before: Leaf, after: Leaf, one_side: bool) -> bool:
        if self.one_side and not one_side:
            return False
        if self.within is not None and (one_side or not _close(before, after, within=self.within)):
            return False
        return any(pattern.fits(path) for pattern in self.patterns)


@dataclass(frozen=True)
class Split:
    """A text that is compared by its parts: the words of a command line, or a pattern's named groups."""

    path: LeafPath
    pattern: re.Pattern[str] | None

    def parts(self, text: str) -> dict[str, str] | None:
        """The parts by name; None for a text that is not of this form."""
        if self.pattern is None:
            return _words(text)
        found = self.pattern.fullmatch(text)
        return {name: part.strip() for name, part in found.groupdict(default="").items()} if found else None


@dataclass(frozen=True)
class Rules:
    """All rules, in the order in which they are tried. `unordered`: lists of texts whose order says nothing."""

    rules: tuple[Rule, ...]
    splits: tuple[Split, ...]
    unordered: tuple[Pattern, ...]

    def judge(self, path: LeafPath, *, before: Leaf, after: Leaf, one_side: bool) -> tuple[DifferenceClass, str]:
        """Class and reason; what no rule knows is notable, because nobody has said that it is harmless."""
        for rule in self.rules:
            if rule.judges(path, before=before, after=after, one_side=one_side):
                return rule.difference_class, rule.reason
        return DifferenceClass.NOTABLE, "no rule knows this fact"

    def is_unordered(self, path: LeafPath) -> bool:
        return any(pattern.fits(path) for pattern in self.unordered)


@lru_cache(maxsize=4)
def load_rules(path: Path = RULES) -> Rules:
    """Read and check a rules file. Raises RulesError, OSError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{path.name}: {error}") from error
    unknown = content.keys() - {"unordered", "split", "rule"}
    if unknown:
        raise RulesError(f"{path.name}: unknown {', '.join(sorted(unknown))}")
    return Rules(
        rules=tuple(_rule(entry, number=number) for number, entry in enumerate(content.get("rule", []), 1)),
        splits=tuple(_split(entry, number=number) for number, entry in enumerate(content.get("split", []), 1)),
        unordered=tuple(Pattern.parse(text) for text in content.get("unordered", [])),
    )


def _rule(entry: dict[str, Any], *, number: int) -> Rule:
    known = {"paths", "class", "reason", "within", "one_side"}
    if entry.keys() - known or not {"paths", "class", "reason"} <= entry.keys():
        raise RulesError(f"rule {number}: needs paths, class and reason, may have within and one_side: {entry}")
    try:
        difference_class = DifferenceClass(entry["class"])
    except ValueError:
        raise RulesError(f"rule {number}: class {entry['class']!r} is none of {', '.join(DifferenceClass)}") from None
    if not (entry["paths"] and entry["reason"]):
        raise RulesError(f"rule {number}: paths and reason must not be empty")
    patterns = tuple(Pattern.parse(text) for text in entry["paths"])
    return Rule(patterns, difference_class, entry["reason"], entry.get("within"), entry.get("one_side", False))


def _split(entry: dict[str, Any], *, number: int) -> Split:
    if entry.keys() not in ({"path", "into"}, {"path", "pattern"}) or entry.get("into", WORDS) != WORDS:
        raise RulesError(f"split {number}: needs path, and either into = {WORDS!r} or a pattern: {entry}")
    try:
        pattern = re.compile(entry["pattern"]) if "pattern" in entry else None
    except re.error as error:
        raise RulesError(f"split {number}: {error}") from error
    return Split(tuple(entry["path"].split("/")), pattern)


def _words(text: str) -> dict[str, str]:
    """Kernel arguments by name; what stands there several times keeps its order. Quotes hold a word together."""
    words: dict[str, list[str]] = {}
    for word in re.findall(r'(?:[^\s"]|"[^"]*"?)+', text):
        words.setdefault(word.partition("=")[0], []).append(word)
    return {name: " ".join(found) for name, found in words.items()}


def _close(before: Leaf, after: Leaf, *, within: float) -> bool:
    numbers = [value for value in (before, after) if isinstance(value, int | float) and not isinstance(value, bool)]
    return len(numbers) == 2 and abs(numbers[0] - numbers[1]) <= within * max(abs(number) for number in numbers)

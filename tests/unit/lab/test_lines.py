# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbered lines depend on a file's bytes alone."""

from hypothesis import given
from hypothesis import strategies as st

from kdyno_lab.console.lines import LINE_CUT, ConsoleLine, LineSplitter


def split(content: bytes, *, pieces: list[int], line_max: int = 64, total_max: int = 4096) -> list[ConsoleLine]:
    splitter = LineSplitter(line_bytes_max=line_max, attempt_bytes_max=total_max)
    lines: list[ConsoleLine] = []
    position = 0
    for size in [*pieces, len(content)]:
        lines.extend(splitter.feed(content[position : position + size]))
        position = min(len(content), position + size)
    return [*lines, *splitter.finish()]


@given(
    content=st.lists(st.one_of(st.binary(max_size=200), st.just(b"\n"), st.just(b"\r\n"))).map(b"".join),
    pieces=st.lists(st.integers(min_value=0, max_value=50)),
)
def test_the_size_of_reads_changes_nothing(content: bytes, pieces: list[int]) -> None:
    assert split(content, pieces=pieces, total_max=300) == split(content, pieces=[], total_max=300)


@given(st.binary(max_size=2000))
def test_stored_lines_are_numbered_without_gaps_and_hold_no_control_characters(content: bytes) -> None:
    lines = [line for line in split(content, pieces=[]) if line.stored]
    assert [line.no for line in lines] == list(range(1, len(lines) + 1))
    assert not any(ord(character) < 32 and character != "\t" for line in lines for character in line.text)


def test_a_long_line_is_cut_and_says_so() -> None:
    [first, second] = split(b"x" * 1000 + b"\nnext\n", pieces=[7, 300])
    assert first.text == "x" * 64 + LINE_CUT
    assert second.text == "next"


def test_past_the_limit_one_marker_and_no_more_lines() -> None:
    lines = split(b"0123456789\n" * 10, pieces=[], total_max=35)
    assert [line.stored for line in lines] == [True] * 4 + [False] * 6
    assert "console cut" in lines[3].text
    assert {line.no for line in lines[4:]} == {5}

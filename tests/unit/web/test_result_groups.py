# SPDX-License-Identifier: GPL-2.0-or-later
"""What a page shows at once of few rows and of many."""

from kdyno.submissions.schemas import ResultRow
from kdyno.web.result_groups import FEW, grouped


def rows(*verdicts: str) -> list[ResultRow]:
    return [
        ResultRow(
            label=f"m{place}", workload="w", benchmark="b", placement="free", metric="latency", unit="ns/op",
            direction="lower", base_median=1, patched_median=1, effect_percent=place, interval_low_percent=None,
            interval_high_percent=None, verdict=verdict, reason="",
        )
        for place, verdict in enumerate(verdicts)
    ]  # fmt: skip


def test_few_rows_are_one_group_with_all_plots() -> None:
    found = rows("regression", "no-change", "need-more")
    (group,) = grouped(found).groups
    assert (group.title, group.unfolded) == ("", True)
    assert [item.row for item in group.rows] == found
    assert grouped(found).drawn == group.rows
    assert grouped(found).on_demand == []


def test_no_rows_are_no_group() -> None:
    assert grouped([]).groups == []


def test_of_many_rows_what_moved_is_open_and_the_largest_comes_first() -> None:
    shown = grouped(rows("regression", *["no-change"] * 20, "need-more", "improvement"))
    assert [(group.title, len(group.rows), group.unfolded) for group in shown.groups] == [
        ("moved", 2, True),
        ("need more runs", 1, False),
        ("did not change", 20, False),
    ]
    assert [item.place for item in shown.groups[0].rows] == [22, 0]
    assert shown.groups[2].rows[0].place == 20
    assert [item.place for item in shown.drawn] == [22, 0]
    assert {item.place for item in shown.on_demand} == set(range(1, 22))


def test_of_many_that_moved_only_a_few_are_drawn_unasked() -> None:
    shown = grouped(rows(*["regression"] * 50))
    assert len(shown.drawn) == FEW
    assert len(shown.on_demand) == 50 - FEW

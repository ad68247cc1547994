# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo and the how-to pages use is in the checkout, and says what they claim."""

import json

import pytest
from typer.testing import CliRunner

from kdyno.checkout import EXAMPLE_PATCHES
from kdyno.cli.demo import Example
from kdyno.cli.main import app

FIGURES = EXAMPLE_PATCHES.parent / "analyze"


@pytest.mark.parametrize("example", list(Example))
def test_each_example_of_the_demo_is_there(example: Example) -> None:
    assert (EXAMPLE_PATCHES / f"{example}.patch").is_file()


def test_the_figures_of_the_howto_say_what_it_claims() -> None:
    files = [str(FIGURES / name) for name in ("base.json", "patched.json", "history.csv")]
    compared = CliRunner().invoke(app, ["analyze", "compare", *files[:2]])
    assert (compared.exit_code, compared.stdout.split(" (")[0]) == (1, "Overall: regression")
    searched = CliRunner().invoke(app, ["analyze", "changepoints", files[2], "--format", "json"])
    changes = json.loads(searched.stdout)["changes"]
    assert [change["kind"] for change in changes] == ["step", "step"]
    assert all(change["low"] <= made <= change["high"] for change, made in zip(changes, (52, 98), strict=True))

# SPDX-License-Identifier: GPL-2.0-or-later
"""What the demo needs is in the checkout."""

import pytest

from kdyno.checkout import EXAMPLE_PATCHES
from kdyno.cli.demo import Example


@pytest.mark.parametrize("example", list(Example))
def test_each_example_of_the_demo_is_there(example: Example) -> None:
    assert (EXAMPLE_PATCHES / f"{example}.patch").is_file()

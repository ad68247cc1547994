# SPDX-License-Identifier: GPL-2.0-or-later
"""The choice of accelerator is remembered only while it still says something about this host."""

import json
from pathlib import Path

import pytest

from kdyno_lab.vlab import accelerator
from kdyno_lab.vlab.accelerator import Accelerator, NoAcceleratorError, Trial, choose_accelerator


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[Accelerator]:
    """A host whose KVM opens but hangs."""
    seen: list[Accelerator] = []

    def try_one(candidate: Accelerator, **_: object) -> Trial:
        seen.append(candidate)
        return Trial(candidate, works=candidate is Accelerator.TCG, reason="played")

    monkeypatch.setattr(accelerator, "_try", try_one)
    return seen


def test_the_best_that_works_is_chosen_and_remembered(tried: list[Accelerator], tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "accelerator.json"
    assert choose_accelerator(cache=cache).accelerator is Accelerator.TCG
    assert tried == [Accelerator.KVM, Accelerator.TCG]
    again = choose_accelerator(cache=cache)
    assert (again.accelerator, again.cached, len(tried)) == (Accelerator.TCG, True, 2)


@pytest.mark.parametrize("damage", ["other-boot", "no-json", "wrong-shape"])
def test_a_stale_or_broken_cache_is_tried_anew(tried: list[Accelerator], tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "accelerator.json"
    choose_accelerator(cache=cache)
    content = json.loads(cache.read_text())
    content["key"]["host_boot_id"] = "another boot"
    cache.write_text({"other-boot": json.dumps(content), "no-json": "{", "wrong-shape": "[]"}[damage])
    assert not choose_accelerator(cache=cache).cached
    assert len(tried) == 4


def test_nothing_works_says_why(tmp_path: Path) -> None:
    with pytest.raises(NoAcceleratorError, match="tcg: "):
        choose_accelerator(binary=str(tmp_path / "no-such-qemu"))

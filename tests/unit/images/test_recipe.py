# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes: the shipped one loads, and an image's id follows all that goes into the image and nothing else."""

import shutil
from pathlib import Path

import pytest

from kdyno_lab.images.build import default_directories
from kdyno_lab.images.recipe import RecipeError, image_id, load_recipe

PROJECT = Path(__file__).resolve().parents[3]
KEY = "ssh-ed25519 AAAA lab"


@pytest.fixture
def directories(tmp_path: Path) -> tuple[Path, Path]:
    recipe, imager = tmp_path / "debian-12", tmp_path / "imager"
    shutil.copytree(default_directories(PROJECT)[0], recipe)
    (imager / "src").mkdir(parents=True)
    (imager / "src" / "main.c").write_text("int main(void) { return 0; }\n")
    return recipe, imager


def test_the_shipped_recipe_loads() -> None:
    recipe = load_recipe(default_directories(PROJECT)[0])
    assert recipe.suite == "bookworm"
    assert "openssh-server" in recipe.packages
    assert all("#" not in package and " " not in package for package in recipe.packages)
    assert [script.name for script in recipe.customize] == sorted(script.name for script in recipe.customize)
    assert (recipe.disk.size_mib << 10) % recipe.disk.chunk_kib == 0


def test_an_id_is_one_plain_word(directories: tuple[Path, Path]) -> None:
    recipe, imager = directories
    identity = image_id(recipe, KEY, imager_dir=imager)
    assert identity.startswith("debian-12-")
    assert identity.replace("-", "").isalnum()
    assert identity == image_id(recipe, f"{KEY}\n", imager_dir=imager)


@pytest.mark.parametrize("changed", ["packages.txt", "overlay/etc/ssh/sshd_config", "../imager/src/main.c"])
def test_every_source_counts(directories: tuple[Path, Path], changed: str) -> None:
    recipe, imager = directories
    before = image_id(recipe, KEY, imager_dir=imager)
    with (recipe / changed).open("a") as file:
        file.write("\n")
    assert image_id(recipe, KEY, imager_dir=imager) != before


def test_the_key_counts(directories: tuple[Path, Path]) -> None:
    recipe, imager = directories
    assert image_id(recipe, KEY, imager_dir=imager) != image_id(recipe, "ssh-ed25519 BBBB", imager_dir=imager)


def test_products_and_tests_do_not_count(directories: tuple[Path, Path]) -> None:
    recipe, imager = directories
    before = image_id(recipe, KEY, imager_dir=imager)
    for path in (imager / "build" / "init", imager / "tests" / "test_disk.c"):
        path.parent.mkdir()
        path.write_text("x")
    assert image_id(recipe, KEY, imager_dir=imager) == before


def test_a_damaged_recipe_is_an_error(directories: tuple[Path, Path]) -> None:
    recipe, _ = directories
    (recipe / "recipe.toml").write_text('suite = "bookworm"\n')
    with pytest.raises(RecipeError, match="debian-12"):
        load_recipe(recipe)

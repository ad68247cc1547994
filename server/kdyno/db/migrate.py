# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the migrations, which are the only way the schema changes."""

from alembic import command
from alembic.config import Config

from kdyno.checkout import MIGRATIONS
from kdyno.db.engine import sqlalchemy_url


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration for one database, without an ini file."""
    if not MIGRATIONS.is_dir():
        raise FileNotFoundError(f"{MIGRATIONS} is missing: kdyno runs from its source checkout")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    # configparser would read a percent sign of an escaped password as interpolation
    config.set_main_option("sqlalchemy.url", sqlalchemy_url(database_url).replace("%", "%%"))
    return config


def upgrade(database_url: str, *, revision: str = "head") -> None:
    """Bring the schema to `revision`. Safe to run by several processes: PostgreSQL's lock serialises them."""
    command.upgrade(alembic_config(database_url), revision)


def downgrade(database_url: str, *, revision: str) -> None:
    """Take the schema back to `revision` (`base` empties it)."""
    command.downgrade(alembic_config(database_url), revision)

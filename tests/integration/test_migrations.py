# SPDX-License-Identifier: GPL-2.0-or-later
"""Migrations are the only way the schema changes: up from empty, down to nothing, and no drift from the models."""

import pytest
from alembic import command
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.orm import Session

from kdyno.analysis.models import MetricVerdict
from kdyno.db.engine import UnitOfWork, create_database_engine
from kdyno.db.migrate import alembic_config, downgrade, upgrade
from kdyno.db.tables import Base
from kdyno.jobs.budgets import StatusBudgets
from kdyno.results.models import Metric, Run, Sample
from kdyno.submissions.conclude import conclude
from tests.lab_rows import LabRows, kbench_benchmark, kbench_documents

pytestmark = pytest.mark.integration


def test_up_down_up_and_no_drift(scratch_database_url: str) -> None:
    engine = create_database_engine(scratch_database_url)
    upgrade(scratch_database_url)
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    command.check(alembic_config(scratch_database_url))
    downgrade(scratch_database_url, revision="base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    upgrade(scratch_database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM jobs")).scalar() == 0
    engine.dispose()


def rows_of(engine: Engine) -> dict[str, object]:
    """How many rows the results have, and the parameters of runs and verdicts."""
    with Session(engine) as session:
        counts: dict[str, object] = {
            table.__tablename__: session.scalar(select(func.count()).select_from(table))
            for table in (Run, Metric, Sample, MetricVerdict)
        }
        for table in (Run, MetricVerdict):
            found = session.scalars(select(table.parameters).distinct().order_by(table.parameters))
            counts[f"{table.__tablename__}.parameters"] = list(found)
        return counts


def measure(lab: LabRows, *, message_bytes: list[int]) -> None:
    """A submission of one phase that runs a benchmark with each of these parameters."""
    submission_id = lab.submit(workloads=["suite-quick"])
    samples = [100 + 0.1 * step for step in range(5)]
    for order_no in range(1, 5):
        found = [kbench_benchmark("lat_pipe", samples, parameters={"message_bytes": n}) for n in message_bytes]
        lab.run_phases(submission_id, order_no, phases={"suite-quick": kbench_documents(found)})
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab")


def test_parameters_of_series_survive_the_way_down_and_up(scratch_database_url: str, budgets: StatusBudgets) -> None:
    upgrade(scratch_database_url)
    engine = create_database_engine(scratch_database_url)
    lab = LabRows(UnitOfWork(engine, send_hint=lambda _: None), budgets=budgets)
    lab.furnish()
    measure(lab, message_bytes=[64])
    before = rows_of(engine)
    assert before == {
        "runs": 4,
        "metrics": 4,
        "samples": 20,
        "metric_verdicts": 1,
        "runs.parameters": [{"message_bytes": 64}],
        "metric_verdicts.parameters": [{"message_bytes": 64}],
    }
    downgrade(scratch_database_url, revision="0002")
    upgrade(scratch_database_url)
    assert rows_of(engine) == before

    # what the older schema cannot tell apart, it keeps the first of
    measure(lab, message_bytes=[1, 2])
    downgrade(scratch_database_url, revision="0002")
    upgrade(scratch_database_url)
    after = rows_of(engine)
    assert (after["runs"], after["metrics"], after["samples"], after["metric_verdicts"]) == (8, 8, 40, 2)
    assert after["metric_verdicts.parameters"] == [{"message_bytes": 1}, {"message_bytes": 64}]
    engine.dispose()

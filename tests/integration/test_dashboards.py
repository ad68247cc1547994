# SPDX-License-Identifier: GPL-2.0-or-later
"""Every query of every dashboard is run, as the role that Grafana uses, on the migrated database with a little data."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from kdyno.submissions.conclude import conclude
from tests.lab_rows import LabRows

pytestmark = pytest.mark.integration

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
FILES = sorted(DASHBOARDS.glob("*.json"))
ROLE_SQL = (DASHBOARDS / "sql" / "grafana-role.sql").read_text(encoding="utf-8")
PASSWORD = "only-for-this-test"
NUMBER, TEXT, MOMENT = (int, float), str, datetime
TIME_SERIES_PANELS = {"timeseries"}

Types = type | tuple[type, ...]


@dataclass(frozen=True)
class Query:
    """One SQL text of a dashboard, and the columns it must give."""

    place: str
    sql: str
    columns: dict[str, Types]


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def variables(dashboard: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in dashboard["templating"]["list"] if item["type"] == kind]


def panel_queries(dashboard: dict[str, Any]) -> Iterator[Query]:
    """Queries of panels and annotations."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            columns: dict[str, Types] = {}
            if target["format"] == "time_series":
                columns = {"time": MOMENT, "metric": TEXT, "value": NUMBER}
            elif panel["type"] in TIME_SERIES_PANELS:
                columns = {"time": MOMENT}
            yield Query(f"panel {panel['title']!r}", target["rawSql"], columns)
    for annotation in dashboard["annotations"]["list"]:
        columns = {"time": MOMENT, "text": TEXT, "tags": TEXT}
        yield Query(f"annotation {annotation['name']!r}", annotation["target"]["rawSql"], columns)


def expand(sql: str, values: dict[str, str]) -> str:
    """What Grafana makes of a query: its time filter and quoted variables. Anything else left over is an error."""
    sql = re.sub(r"\$__timeFilter\(([^(),]+)\)", r"\1 BETWEEN '2000-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z'", sql)
    for name, value in values.items():
        quoted = "'" + value.replace("'", "''") + "'"
        sql = sql.replace("${" + name + ":sqlstring}", quoted)
    assert "$" not in sql, f"not expanded: {sql}"
    return sql


@pytest.fixture
def grafana(lab: LabRows, migrated_url: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection with the rights of Grafana's role, to a database that holds one regression."""
    submission_id = lab.submit()
    for order_no, level in ((1, 200.0), (2, 230.0), (3, 230.0), (4, 200.0)):
        lab.run_job(submission_id, order_no, samples=[level + 0.1 * step for step in range(20)])
    with lab.unit_of_work() as session:
        conclude(session, submission_id=submission_id, url="http://lab.example")
    with psycopg.connect(migrated_url, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
        for _ in range(2):  # a second start of the lab runs it again
            connection.execute(ROLE_SQL.replace(":'password'", f"'{PASSWORD}'").encode())
        connection.execute("SET ROLE kdyno_grafana")
        yield connection
        connection.execute("RESET ROLE")
        connection.execute("DROP OWNED BY kdyno_grafana")
        connection.execute("DROP ROLE kdyno_grafana")


def run(connection: psycopg.Connection[dict[str, Any]], query: Query, values: dict[str, str]) -> list[dict[str, Any]]:
    rows = connection.execute(expand(query.sql, values).encode()).fetchall()
    assert rows, f"{query.place}: no rows"
    for name, types in query.columns.items():
        assert name in rows[0], f"{query.place}: no column {name!r} among {list(rows[0])}"
        assert isinstance(rows[0][name], types), f"{query.place}: {name} is {rows[0][name]!r}"
    return rows


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_query_gives_what_its_panel_needs(path: Path, grafana: psycopg.Connection[dict[str, Any]]) -> None:
    dashboard = load(path)
    values: dict[str, str] = {}
    for variable in variables(dashboard, "query"):
        query = Query(f"variable {variable['name']!r}", variable["query"], {"__text": TEXT})
        values[variable["name"]] = run(grafana, query, values)[0]["__text"]
    for query in panel_queries(dashboard):
        run(grafana, query, values)


def test_the_metric_history_shows_the_regression(grafana: psycopg.Connection[dict[str, Any]]) -> None:
    dashboard = load(DASHBOARDS / "metric-history.json")
    values = {"machine": "vm1", "workload": "syscall-getppid", "metric": "lat_syscall_getppid free latency"}
    series, effect, table, annotation = (run(grafana, query, values) for query in panel_queries(dashboard))
    assert [row["metric"] for row in series] == ["base", "patched", "patched", "base"]
    assert effect[0]["low"] <= effect[0]["change"] <= effect[0]["high"]
    assert table[0]["verdict"] == "regression" and 14 < table[0]["change"] < 16
    assert annotation[0]["tags"].split(",")[0] == "regression"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT token FROM attempts",
        "SELECT * FROM api_tokens",
        "SELECT patch FROM submissions",
        "SELECT mail FROM submissions",
        "SELECT body_text FROM outbox_mails",
        "SELECT text FROM console_lines",
        "SELECT options FROM machines",
        "UPDATE machines SET health = 'good'",
        "CREATE TABLE mine (a int)",
    ],
)
def test_grafana_reads_no_secrets_and_writes_nothing(sql: str, grafana: psycopg.Connection[dict[str, Any]]) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        grafana.execute(sql.encode())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dashboards_are_kept_tidy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    dashboard = load(path)
    assert text == json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False) + "\n", (
        f"sort it: jq -S . {path}"
    )
    assert dashboard["title"] and dashboard["description"] and dashboard["uid"]
    assert "id" not in dashboard, "the number that one Grafana gave it means nothing to another"
    assert [variable["name"] for variable in variables(dashboard, "datasource")] == ["datasource"]
    for panel in dashboard["panels"]:
        assert panel["title"] and panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    sources = [*dashboard["panels"], *dashboard["annotations"]["list"], *variables(dashboard, "query")]
    sources += [target for panel in dashboard["panels"] for target in panel["targets"]]
    assert {source["datasource"]["uid"] for source in sources} == {"${datasource}"}

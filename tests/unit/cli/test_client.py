# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line's API client, against a server that answers from a list."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from kdyno.cli.client import Client, RequestRefusedError, ServerUnavailableError


def view(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    content = {
        "id": 3, "url": "http://x/submissions/3", "title": "t", "state": "open", "tree": "debian",
        "base_commit": "c", "kconfig": "k", "workloads": [], "machine_type": "virtual", "machine": None,
        "boots_per_arm": 2, "created_at": now, "finished_at": None, "progress": {"steps": []}, "verdict": None,
        "verdict_reason": None, "rows": [], "failure": None,
    }  # fmt: skip
    return {**content, **changes}


class Answers:
    """Plays a server: one answer per request, an exception is raised, the last answer is repeated."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_of(server: Answers, *, patience_s: float = 60.0) -> Client:
    return Client("http://x", token="t", patience_s=patience_s, transport=httpx.MockTransport(server))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    pauses: list[float] = []
    monkeypatch.setattr("kdyno.cli.client.time.sleep", pauses.append)
    yield pauses


def test_a_lost_answer_is_asked_for_again_with_the_same_key() -> None:
    server = Answers(httpx.ReadError("gone"), httpx.Response(503), httpx.Response(200, json=view()))
    assert client_of(server).submit({"tree": "debian"}, idempotency_key="k1").id == 3
    assert [request.headers["Idempotency-Key"] for request in server.requests] == ["k1"] * 3
    assert server.requests[0].headers["Authorization"] == "Bearer t"


def test_wrong_fields_come_with_their_reasons() -> None:
    problems = {"errors": [{"field": "patch", "reason": "hunk 1 of kernel/sys.c does not apply"}]}
    with pytest.raises(RequestRefusedError, match=r"patch: hunk 1 of kernel/sys\.c") as caught:
        client_of(Answers(httpx.Response(422, json=problems))).submit({}, idempotency_key="k")
    assert caught.value.problems[0].field == "patch"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(401, json={"detail": "unknown token"}), "unknown token"),
        (httpx.Response(404, text="<html>"), "status 404"),
        (httpx.Response(413, json=["odd"]), "status 413"),
    ],
)
def test_every_refusal_says_something(answer: httpx.Response, words: str) -> None:
    with pytest.raises(RequestRefusedError, match=words):
        client_of(Answers(answer)).submit({}, idempotency_key="k")


def test_following_survives_a_restart_of_the_server() -> None:
    server = Answers(
        httpx.Response(200, json=view()),
        httpx.ConnectError("refused"),
        httpx.Response(502),
        httpx.Response(200, json=view(state="finished", verdict="no-change")),
    )
    states = [seen.state for seen in client_of(server).follow(3)]
    assert states == ["open", "finished"]


def test_patience_ends(no_waiting: list[float]) -> None:
    with pytest.raises(ServerUnavailableError, match="no answer from http://x"):
        client_of(Answers(httpx.ConnectError("refused")), patience_s=0.0).read(3)
    assert no_waiting == []


def test_another_server_is_recognised() -> None:
    with pytest.raises(ServerUnavailableError, match="does not answer as this version"):
        client_of(Answers(httpx.Response(200, json={"id": 1}))).read(3)

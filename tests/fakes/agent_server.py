# SPDX-License-Identifier: GPL-2.0-or-later
"""A small server that speaks the agent's contract over real HTTP, and can be slow, away or wrong.

It checks each request against the golden contract, and keeps what it accepted, so that a test can say what arrived
and how often.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

CONTRACT: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "agent-contract.json").read_text(encoding="utf-8")
)
JOB_PATH = "/api/v1/agent/job"
EVENTS_PATH = "/api/v1/agent/events"

Event = dict[str, Any]


def contract_validator(name: str) -> jsonschema.Draft202012Validator:
    """Validator for one definition of the contract."""
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": CONTRACT["$defs"]})


class ContractState:
    """What the server knows about one attempt; survives the server being taken down and up again."""

    def __init__(self, job: Mapping[str, Any], *, token: str) -> None:
        self.job = job
        self.token = token
        self.accepted: list[Event] = []
        self.repeated = 0
        self.violations: list[str] = []
        self.too_early_answers = 0  # how many GETs of the job still get 425
        self.events_answers: list[int] = []  # statuses to give to the next POSTs instead of taking them
        self.lost_answers = 0  # how many POSTs are taken, but answered by a cut connection
        self.requests: list[tuple[str, int]] = []
        self._changed = threading.Condition()

    def take(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Accept each event once; acknowledge all."""
        with self._changed:
            for error in contract_validator("events_request").iter_errors(request):
                self.violations.append(f"{error.json_path}: {error.message[:300]}")
            known = {(event["phase"], event["seq"]) for event in self.accepted}
            for event in request["events"]:
                if (event["phase"], event["seq"]) in known:
                    self.repeated += 1
                else:
                    self.accepted.append(event)
            self._changed.notify_all()
        return [{"phase": event["phase"], "seq": event["seq"]} for event in request["events"]]

    def log(self, path: str, status: int) -> None:
        with self._changed:
            self.requests.append((path, status))
            self._changed.notify_all()

    def wait_for_event(self, *, phase: str, kind: str, timeout_s: float = 20) -> Event:
        """Block until such an event was accepted."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.find(phase=phase, kind=kind), timeout_s)
        assert found, f"no {kind} of {phase!r} within {timeout_s} s; got {self.outline()}"
        return found

    def wait_for_request(self, path: str, *, timeout_s: float = 20) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: any(seen == path for seen, _ in self.requests), timeout_s)

    def find(self, *, phase: str, kind: str) -> Event | None:
        return next((e for e in self.accepted if e["phase"] == phase and e["kind"] == kind), None)

    def outline(self) -> list[tuple[str, int, str]]:
        return [(event["phase"], event["seq"], event["kind"]) for event in self.accepted]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: ContractState

    def do_GET(self) -> None:
        if not self._may_pass():
            return
        if self.path != JOB_PATH:
            self._answer(404, {"detail": "no such page"})
        elif self.state.too_early_answers > 0:
            self.state.too_early_answers -= 1
            self._answer(425, {"detail": "the job has not started"})
        else:
            self._answer(200, self.state.job)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._may_pass():
            return
        if self.path != EVENTS_PATH:
            self._answer(404, {"detail": "no such page"})
        elif self.state.events_answers and (status := self.state.events_answers.pop(0)) != 200:
            self._answer(status, {"detail": "as the test wants it"})
        else:
            acknowledged = self.state.take(json.loads(body))
            if self.state.lost_answers > 0:
                self.state.lost_answers -= 1
                self.close_connection = True
            else:
                self._answer(200, {"acked": acknowledged})

    def _may_pass(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {self.state.token}":
            return True
        self._answer(401, {"detail": "wrong token"})
        return False

    def _answer(self, status: int, document: object) -> None:
        self.state.log(self.path, status)
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output quiet; ContractState.requests has it all."""


@contextmanager
def serving(state: ContractState, *, port: int = 0) -> Iterator[int]:
    """Serve on the loopback address; yields the port. On leaving, connections are refused again."""
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

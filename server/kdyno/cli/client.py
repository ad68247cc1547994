# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line's side of the REST API."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
from pydantic import ValidationError

from kdyno.submissions.schemas import FieldProblem, SubmissionView

TIMEOUT_S = 60.0
POLL_S = 1.0
# A server may be restarted or upgraded while somebody waits for a verdict.
PATIENCE_S = 900.0
_LONGEST_PAUSE_S = 10.0
_FINISHED = "finished"


class RequestRefusedError(Exception):
    """The request is wrong; nothing was queued. `problems` names every wrong field."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.reason}" for problem in problems))
        self.problems = problems


class ServerUnavailableError(Exception):
    """The server did not answer, or not sensibly, for longer than is worth waiting."""


class Client:
    """A kdyno server, seen through one token."""

    def __init__(
        self,
        server_url: str,
        *,
        token: str,
        patience_s: float = PATIENCE_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._patience_s = patience_s
        self._http = httpx.Client(
            base_url=server_url.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            transport=transport,
            trust_env=not server_url.startswith(("http://127.", "http://localhost", "http://[::1]")),
        )

    def close(self) -> None:
        self._http.close()

    def submit(self, request: dict[str, Any], *, idempotency_key: str) -> SubmissionView:
        """Send a test request. The key makes it safe to send it again when an answer got lost.

        Raises:
            RequestRefusedError: the server names what is wrong with it.
            ServerUnavailableError: no server there.
        """
        headers = {"Idempotency-Key": idempotency_key}
        return self._view("POST", "/api/v1/submissions", json=request, headers=headers)

    def read(self, submission_id: int) -> SubmissionView:
        """A submission as it is now."""
        return self._view("GET", f"/api/v1/submissions/{submission_id}")

    def follow(self, submission_id: int) -> Iterator[SubmissionView]:
        """Views of a submission, one a second; the last one is finished. Survives a restart of the server."""
        while True:
            view = self.read(submission_id)
            yield view
            if view.state == _FINISHED:
                return
            time.sleep(POLL_S)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Any other call of the API; the answer's JSON.

        Raises:
            RequestRefusedError: the server names what is wrong with it.
            ServerUnavailableError: no server there.
        """
        response = self._send(method, path, **arguments)
        if not response.is_success:
            raise RequestRefusedError(_problems(response))
        return response.json()

    def _view(self, method: str, path: str, **arguments: Any) -> SubmissionView:
        response = self._send(method, path, **arguments)
        if response.status_code in {200, 201}:
            try:
                return SubmissionView.model_validate_json(response.content)
            except ValidationError as error:
                raise ServerUnavailableError(
                    f"{self._http.base_url} does not answer as this version of kdyno expects"
                ) from error
        raise RequestRefusedError(_problems(response))

    def _send(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send until there is an answer that another try would not change."""
        deadline_s = time.monotonic() + self._patience_s
        pause_s = 0.5
        while True:
            try:
                response = self._http.request(method, path, **arguments)
                if response.status_code < 500 and response.status_code != 429:
                    return response
                reason = f"it answers {response.status_code}: {response.text[:300].strip()}"
            except httpx.TransportError as error:
                reason = str(error) or type(error).__name__
            if time.monotonic() + pause_s > deadline_s:
                raise ServerUnavailableError(f"no answer from {self._http.base_url}: {reason}")
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _problems(response: httpx.Response) -> list[FieldProblem]:
    """What a refusal says: a list of fields, or one sentence."""
    try:
        content = response.json()
    except ValueError:
        content = None
    if isinstance(content, dict):
        if isinstance(content.get("errors"), list):
            return [FieldProblem(field=str(e.get("field")), reason=str(e.get("reason"))) for e in content["errors"]]
        if "detail" in content:
            return [FieldProblem(field="request", reason=f"{content['detail']} (status {response.status_code})")]
    return [FieldProblem(field="request", reason=f"refused with status {response.status_code}: {response.text[:300]}")]

# SPDX-License-Identifier: GPL-2.0-or-later
"""The server's side of the console API, in memory: keeps what a follower posts and checks that it follows the rules."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

TOKEN = "lab-token"


class ConsoleServer:
    """Answers one request at a time. `away` makes it answer 503, `forget_answers` accepts but answers 500."""

    def __init__(self) -> None:
        self.lines: dict[int, list[str]] = {}
        self.events: dict[int, dict[tuple[str, int], dict[str, Any]]] = {}
        self.ended: set[int] = set()
        self.unknown: set[int] = set()
        self.requests = 0
        self.away = False
        self.forget_answers = 0
        self._lock = threading.Lock()

    def handle(self, method: str, path: str, *, token: str, document: Any) -> tuple[int, dict[str, Any]]:
        with self._lock:
            self.requests += 1
            if self.away:
                return 503, {"detail": "away"}
            assert token == f"Bearer {TOKEN}"
            attempt_id = int(path.rpartition("/")[2])
            if attempt_id in self.unknown:
                return 404, {"detail": "unknown"}
            stored = self.lines.setdefault(attempt_id, [])
            if method == "POST":
                self._store(attempt_id, document)
            if self.forget_answers:
                self.forget_answers -= 1
                return 500, {"detail": "the answer is lost"}
            return 200, {"next_line_no": len(stored) + 1, "closed": attempt_id in self.ended}

    def _store(self, attempt_id: int, document: Any) -> None:
        stored = self.lines[attempt_id]
        numbers = [line["no"] for line in document["lines"]]
        assert numbers == list(range(document["first_line_no"], document["first_line_no"] + len(numbers)))
        assert document["first_line_no"] <= len(stored) + 1, "lines were left out"
        for line in document["lines"]:
            if line["no"] == len(stored) + 1:
                stored.append(line["text"])
            else:
                assert stored[line["no"] - 1] == line["text"], "a line changed its number"
        for event in document["events"]:
            self.events.setdefault(attempt_id, {})[(event["kind"], event["line_no"])] = event

    def kinds(self, attempt_id: int) -> list[str]:
        return [kind for kind, _ in self.events.get(attempt_id, {})]

    def transport(self) -> httpx.MockTransport:
        """For a client in the same process."""

        def answer(request: httpx.Request) -> httpx.Response:
            document = json.loads(request.content) if request.content else None
            token = request.headers["Authorization"]
            status, content = self.handle(request.method, request.url.path, token=token, document=document)
            return httpx.Response(status, json=content)

        return httpx.MockTransport(answer)


@contextmanager
def serving(server: ConsoleServer) -> Iterator[str]:
    """Serve over real HTTP on loopback; gives the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            document = json.loads(self.rfile.read(length)) if length else None
            token = self.headers.get("Authorization", "")
            status, content = server.handle(self.command, self.path, token=token, document=document)
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = _answer
        do_POST = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()

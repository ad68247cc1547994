# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m kdyno_lab.console`: the lab's console reader, one process for all machines."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from kdyno_lab.console.client import ConsoleClient
from kdyno_lab.console.follow import POLL_S, Follower


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kdyno_lab.console", description=__doc__)
    parser.add_argument("--server", required=True, help="URL of the kdyno server")
    parser.add_argument("--token-file", required=True, type=Path, help="file that holds the lab token")
    parser.add_argument("--consoles", required=True, type=Path, help="directory of <attempt id>.log files")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        token = arguments.token_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        print(f"cannot read the lab token: {error}", file=sys.stderr)  # noqa: T201
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    arguments.consoles.mkdir(parents=True, exist_ok=True)
    client = ConsoleClient(server=arguments.server, token=token)
    follower = Follower(arguments.consoles, client=client)
    busy = False
    while not stop.wait(0 if busy else POLL_S):
        busy = follower.step()
    client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

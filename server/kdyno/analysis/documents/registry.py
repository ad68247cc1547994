# SPDX-License-Identifier: GPL-2.0-or-later
"""The forms of measurement file that can be compared, by the name they give in "schema"."""

from collections.abc import Callable
from typing import Any

from kdyno.analysis.documents import kbench, reaim, samples
from kdyno.analysis.documents.measured import DocumentError, MeasuredDocument, parse_json, state_in_head

Reader = Callable[..., MeasuredDocument]

READERS: dict[str, Reader] = {
    kbench.SCHEMA: kbench.read_kbench,
    reaim.SCHEMA: reaim.read_reaim,
    samples.SCHEMA: samples.read_samples,
}


def read_measured(text: str, *, source: str) -> MeasuredDocument:
    """Read a file of any known form; without "schema" it is kdyno's own. Raises DocumentError."""
    content = parse_json(text, source=source)
    if not isinstance(content, dict):
        raise DocumentError(f"{source}: needs a JSON object; a plain list does not say metric, unit and direction")
    schema = content.get("schema", samples.SCHEMA)
    if not isinstance(schema, str) or schema not in READERS:
        raise DocumentError(f"{source}: schema {schema!r} is none of {', '.join(sorted(READERS))}")
    return READERS[schema](content, source=source)


def state_of(content: Any) -> Any:
    """The state manifest in a document: a measurement file's head, or the document itself."""
    if isinstance(content, dict) and content.get("schema") in (kbench.SCHEMA, reaim.SCHEMA):
        return state_in_head(content)
    return content

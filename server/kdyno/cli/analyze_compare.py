# SPDX-License-Identifier: GPL-2.0-or-later
"""What `kdyno analyze compare` does: read both arms, compare what can be compared, write, and choose the exit code."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from kdyno.analysis.compare import (
    DEFAULT_ALPHA,
    MetricPair,
    SamplesError,
    SubmissionComparison,
    at_quantiles,
    compare_submission,
)
from kdyno.analysis.documents.arms import JoinedArms, join_arms
from kdyno.analysis.documents.history import learned_priors, read_history
from kdyno.analysis.documents.measured import DocumentError, MeasuredDocument
from kdyno.analysis.documents.registry import read_measured
from kdyno.analysis.machine_kind import MachineKind
from kdyno.analysis.manifest import DifferenceClass, difference_text
from kdyno.analysis.noise import DEFAULTS
from kdyno.analysis.text import moved_text, verdict_table
from kdyno.analysis.verdicts import EXIT_CODES, Verdict
from kdyno.cli.analyze_files import OutputFormat, chosen_format, expanded, printable, refuse, text_of, write

PICTURE = "comparison.png"


@dataclass(frozen=True)
class Comparing:
    """How to compare; None stands for what is usual for the kind of machine."""

    machine: MachineKind
    margin: float | None
    alpha: float | None
    quantiles: Sequence[float]
    history: Path | None
    minutes_per_boot: float | None
    partial: bool
    ignore_state: bool


def compare_files(
    base: Sequence[Path],
    patched: Sequence[Path],
    *,
    comparing: Comparing,
    wanted: OutputFormat | None,
    output: Path | None,
) -> int:
    """Compare the files of two arms and write the answer; returns the exit code. Raises DocumentError."""
    joined = join_arms(_read(base), _read(patched))
    if comparing.quantiles:
        joined = _at_quantiles(joined, comparing.quantiles)
    _check(joined, ignore_state=comparing.ignore_state)
    defaults = DEFAULTS[comparing.machine]
    joined = _with_history(joined, comparing=comparing)
    compared = functools.partial(
        compare_submission,
        margin=defaults.margin if comparing.margin is None else comparing.margin,
        alpha=DEFAULT_ALPHA if comparing.alpha is None else comparing.alpha,
        prior=defaults.prior,
        minutes_per_boot=comparing.minutes_per_boot,
    )
    try:
        result = compared(joined.pairs)
        details = [compared(family.pairs) for family in joined.details]
    except SamplesError as error:
        raise DocumentError(str(error)) from error
    match chosen_format(wanted, output=output):
        case OutputFormat.PNG:
            from kdyno.analysis.comparison_plot import comparison_figure

            write(comparison_figure(joined.pairs, result), output=output, picture=PICTURE)
        case OutputFormat.JSON:
            from kdyno.analysis.comparison_document import comparison_document

            write(comparison_document(result, details, joined).model_dump_json(indent=1) + "\n", output=output)
        case OutputFormat.TEXT:
            write(verdict_table(result) + _details_text(details, joined) + notes_text(joined), output=output)
    return _exit_code(result, joined, partial=comparing.partial)


def _read(paths: Sequence[Path]) -> list[MeasuredDocument]:
    return [read_measured(text_of(file), source=file) for file in expanded(paths)]


def _at_quantiles(joined: JoinedArms, quantiles: Sequence[float]) -> JoinedArms:
    rows = [
        (pair, identity)
        for whole, identity in zip(joined.pairs, joined.identities, strict=True)
        for pair in at_quantiles(whole, quantiles)
    ]
    return replace(joined, pairs=tuple(pair for pair, _ in rows), identities=tuple(identity for _, identity in rows))


def _check(joined: JoinedArms, *, ignore_state: bool) -> None:
    """Refuse what gives no verdict at all."""
    if not joined.pairs:
        refuse("there is nothing to compare:\n" + notes_text(joined).strip())
    if joined.invalidating and not ignore_state:
        shown = "\n".join(
            f"  {finding.source} against {finding.reference}: {difference_text(finding.difference)}\n"
            f"    {finding.difference.reason}"
            for finding in joined.invalidating
        )
        refuse(f"these boots must not be compared (--ignore-state does it all the same):\n{shown}")


def _with_history(joined: JoinedArms, *, comparing: Comparing) -> JoinedArms:
    """Give each metric, and each detail, the noise that its machine's past shows."""
    if comparing.history is None:
        return joined
    source = str(comparing.history)
    history = read_history(text_of(source), source=source)
    fallback = DEFAULTS[comparing.machine].prior
    metrics = [pair.metric for part in (joined, *joined.details) for pair in part.pairs]
    priors = learned_priors(history, metrics=metrics, fallback=fallback, source=source)
    unused = sorted({entry.metric for entry in history.metrics} - priors.keys())
    if unused:
        typer.echo(printable(f"kdyno: {source}: no such metric is compared: {', '.join(unused)}"), err=True)

    def informed(pairs: Sequence[MetricPair]) -> tuple[MetricPair, ...]:
        return tuple(replace(pair, prior=priors.get(pair.metric.name)) for pair in pairs)

    details = tuple(replace(family, pairs=informed(family.pairs)) for family in joined.details)
    return replace(joined, pairs=informed(joined.pairs), details=details)


def _details_text(details: Sequence[SubmissionComparison], joined: JoinedArms) -> str:
    """What moved inside of each workload."""
    return "".join(
        f"\n{moved_text(inside, workload=family.workload)}"
        for inside, family in zip(details, joined.details, strict=True)
    )


def notes_text(joined: JoinedArms) -> str:
    """What is not compared, and what is odd about the state of the machines."""
    lines = []
    if joined.left_out:
        lines += ["", "Not compared:", *(f"  {item.what}: {item.reason}" for item in joined.left_out)]
    odd = [item for item in joined.state if item.difference.difference_class is not DifferenceClass.EXPECTED]
    if odd:
        lines += ["", "State of the machines:"]
    for finding in odd:
        item = finding.difference
        lines.append(f"  {item.difference_class}, {finding.source}: {difference_text(item)} ({item.reason})")
    return "".join(f"{line}\n" for line in lines)


def _exit_code(result: SubmissionComparison, joined: JoinedArms, *, partial: bool) -> int:
    code = EXIT_CODES[result.verdict]
    if code == 0 and not joined.complete and not partial:
        typer.echo("kdyno: not everything was compared, so this is no all-clear; --partial takes it for one", err=True)
        return EXIT_CODES[Verdict.NEED_MORE]
    return code

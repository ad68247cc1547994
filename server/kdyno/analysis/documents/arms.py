# SPDX-License-Identifier: GPL-2.0-or-later
"""Brings the files of two arms together: what can be compared, and by name what cannot and why (pure)."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kdyno.analysis.compare import ArmSamples, BootSamples, Metric, MetricPair
from kdyno.analysis.documents.kbench import UNJUDGED_BENCHMARKS
from kdyno.analysis.documents.measured import DocumentError, FailedRun, MeasuredDocument, SeriesIdentity
from kdyno.analysis.manifest import Difference, DifferenceClass, compare_manifests
from kdyno.analysis.verdicts import Direction

ARMS = ("base", "patched")
MOST_BOOTS = 1000
# Fewer values than this may be equal by chance, when a clock is coarse.
FEWEST_COPIED = 10
MIXED_ARM = "boots of one arm ran different kernels"

Series = dict[SeriesIdentity, dict[str, list[BootSamples]]]
Units = dict[SeriesIdentity, tuple[str, Direction, str]]


@dataclass(frozen=True)
class LeftOut:
    """Something that was measured, or should have been, and is not compared. `open`: the answer is incomplete."""

    what: str
    reason: str
    open: bool


@dataclass(frozen=True)
class StateFinding:
    """The state of one boot differs from that of the first boot of the base arm."""

    source: str
    reference: str
    difference: Difference


@dataclass(frozen=True)
class JoinedArms:
    """What two arms have in common. `identities` in the order of `pairs`."""

    pairs: tuple[MetricPair, ...]
    identities: tuple[SeriesIdentity, ...]
    left_out: tuple[LeftOut, ...]
    state: tuple[StateFinding, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing that was measured is left open."""
        return not any(item.open for item in self.left_out)

    @property
    def invalidating(self) -> tuple[StateFinding, ...]:
        """What forbids the comparison."""
        wanted = DifferenceClass.INVALIDATING
        return tuple(finding for finding in self.state if finding.difference.difference_class is wanted)


def join_arms(base: Sequence[MeasuredDocument], patched: Sequence[MeasuredDocument]) -> JoinedArms:
    """Pair the series of two arms by benchmark, metric, placement and parameters.

    Raises DocumentError when the arms contradict each other: units, directions, one boot twice.
    """
    documents = dict(zip(ARMS, (base, patched), strict=True))
    series: Series = defaultdict(lambda: {arm: [] for arm in ARMS})
    units: Units = {}
    for arm, files in documents.items():
        for document in files:
            _take(document, arm=arm, series=series, units=units)
    names = _names(series)
    pairs, identities, left_out = [], [], []
    for identity, arms in series.items():
        if identity.benchmark in UNJUDGED_BENCHMARKS:
            left_out.append(LeftOut(names[identity], "the harness's own cost, which no kernel changes", open=False))
            continue
        if not all(arms.values()):
            left_out.append(_one_sided(identity, arms, name=names[identity], series=series))
            continue
        unit, direction, _ = units[identity]
        base_arm, patched_arm = (ArmSamples(arm, _checked(boots, name=names[identity])) for arm, boots in arms.items())
        pairs.append(MetricPair(Metric(names[identity], unit, direction), base_arm, patched_arm))
        identities.append(identity)
    left_out += _failures(documents)
    return JoinedArms(tuple(pairs), tuple(identities), tuple(left_out), tuple(_state_findings(documents)))


def _take(document: MeasuredDocument, *, arm: str, series: Series, units: Units) -> None:
    """Add a document's boots. The first document that names a series decides what its unit and direction are."""
    for item in document.series:
        known = units.setdefault(item.identity, (item.unit, item.direction, document.source))
        if known[:2] != (item.unit, item.direction):
            unit, direction, source = known
            raise DocumentError(
                f"{item.identity.name}: {source} measures {unit} ({direction} is better), "
                f"{document.source} {item.unit} ({item.direction} is better); nothing is converted"
            )
        boots = series[item.identity][arm]
        if any(boot.boot_id in (document.source, f"{document.source}#1") for boot in boots):
            raise DocumentError(f"{item.identity.name}: {document.source} has it twice")
        several = len(item.boots) > 1
        for number, samples in enumerate(item.boots, 1):
            boot_id = f"{document.source}#{number}" if several else document.source
            boots.append(BootSamples(boot_id, samples, item.unit))
        if len(boots) > MOST_BOOTS:
            raise DocumentError(f"{item.identity.name}: more than {MOST_BOOTS} {arm} boots")


def _checked(boots: list[BootSamples], *, name: str) -> list[BootSamples]:
    """Refuse copies: a boot that is counted twice makes every interval too narrow."""
    seen: dict[tuple[float, ...], int | str] = {}
    for boot in boots:
        samples = tuple(boot.samples)
        if len(samples) < FEWEST_COPIED or min(samples) == max(samples):
            continue
        if samples in seen:
            raise DocumentError(f"{name}: {seen[samples]} and {boot.boot_id} hold the same samples: one boot twice")
        seen[samples] = boot.boot_id
    return boots


def _names(identities: Iterable[SeriesIdentity]) -> dict[SeriesIdentity, str]:
    """Short names; with placement and parameters where a short one would stand for several series."""
    by_name = defaultdict(list)
    for identity in identities:
        by_name[identity.name].append(identity)
    return {
        identity: name if len(group) == 1 else f"{name} ({identity.conditions})"
        for name, group in by_name.items()
        for identity in group
    }


def _one_sided(
    identity: SeriesIdentity, arms: Mapping[str, list[BootSamples]], *, name: str, series: Series
) -> LeftOut:
    here, there = ARMS if arms[ARMS[0]] else reversed(ARMS)
    alike = [
        other.conditions
        for other in series
        if other != identity and other.name == identity.name and series[other][there]
    ]
    reason = f"only {here} has it"
    if alike:
        reason += f"; {there} measured it with {' and with '.join(alike)}, which is another series"
    return LeftOut(name, reason, open=True)


def _failures(documents: Mapping[str, Sequence[MeasuredDocument]]) -> list[LeftOut]:
    """Runs without a number, those alike together. What no boot could run leaves nothing open."""
    done = {item.identity.benchmark for files in documents.values() for file in files for item in file.series}
    where: dict[FailedRun, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for arm, files in documents.items():
        for file in files:
            for run in file.failed:
                where[run][arm].append(file.source)
    left_out = []
    for run, arms in where.items():
        places = ", ".join(_place(arm, sources, of=len(documents[arm])) for arm, sources in arms.items())
        what = f"{'skipped' if run.skipped else 'failed'} in {places}: {run.reason or 'no reason given'}"
        is_open = not run.skipped or run.benchmark in done
        left_out.append(LeftOut(f"{run.benchmark} ({run.conditions})", what, open=is_open))
    return left_out


def _place(arm: str, sources: Sequence[str], *, of: int) -> str:
    if len(sources) == of:
        return f"all {arm} boots"
    return f"{len(sources)} of {of} {arm} boots ({', '.join(sources)})"


def _state_findings(documents: Mapping[str, Sequence[MeasuredDocument]]) -> list[StateFinding]:
    """Compare every boot's state with the first one's; inside an arm the kernel must be the same too."""
    findings = []
    known = {arm: [file for file in files if file.state is not None] for arm, files in documents.items()}
    first = next(itertools.chain(*known.values()), None)
    for file in itertools.chain(*known.values()):
        if first is not None and file is not first:
            differences = compare_manifests(first.state, file.state).differences
            findings += [StateFinding(file.source, first.source, item) for item in differences]
    for files in known.values():
        for file in files[1:]:
            for item in compare_manifests(files[0].state, file.state).of_class(DifferenceClass.EXPECTED):
                mixed = replace(item, difference_class=DifferenceClass.INVALIDATING, reason=MIXED_ARM)
                findings.append(StateFinding(file.source, files[0].source, mixed))
    return findings

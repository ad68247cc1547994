# SPDX-License-Identifier: GPL-2.0-or-later
"""Brings the files of two arms together: what can be compared, and by name what cannot and why (pure)."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kdyno.analysis.compare import ArmSamples, BootSamples, Metric, MetricPair
from kdyno.analysis.documents.kbench import UNJUDGED_BENCHMARKS
from kdyno.analysis.documents.measured import DocumentError, FailedRun, MeasuredDocument, SeriesIdentity
from kdyno.analysis.manifest import Difference, DifferenceClass, compare_manifests
from kdyno.analysis.samples import fault_of
from kdyno.analysis.verdicts import Direction
from kdyno.results.roles import MetricRole

ARMS = ("base", "patched")
MOST_BOOTS = 1000
# Fewer values than this may be equal by chance, when a clock is coarse.
FEWEST_COPIED = 10
# Series nearly alike that are named where one has no counterpart.
MOST_ALIKE = 3
MIXED_ARM = "boots of one arm ran different kernels"

Series = dict[SeriesIdentity, dict[str, list[BootSamples]]]


@dataclass(frozen=True)
class Meaning:
    """What the first document that names a series says about it."""

    unit: str
    direction: Direction
    role: MetricRole
    source: str


Meanings = dict[SeriesIdentity, Meaning]


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
class JoinedSeries:
    """Metrics that both arms have. `identities` in the order of `pairs`."""

    pairs: tuple[MetricPair, ...]
    identities: tuple[SeriesIdentity, ...]


@dataclass(frozen=True)
class JoinedDetails(JoinedSeries):
    """The details of one workload, which are compared together."""

    workload: str


@dataclass(frozen=True)
class JoinedArms(JoinedSeries):
    """What two arms have in common: key metrics, which are judged, and the details of each workload."""

    details: tuple[JoinedDetails, ...]
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
    meanings: Meanings = {}
    for arm, files in documents.items():
        for document in files:
            _take(document, arm=arm, series=series, meanings=meanings)
    names = _names(series)
    found: dict[MetricRole, list[tuple[SeriesIdentity, MetricPair]]] = {role: [] for role in MetricRole}
    left_out = _one_sided(series, meanings=meanings, names=names)
    for identity, arms in series.items():
        if identity.benchmark in UNJUDGED_BENCHMARKS:
            left_out.append(LeftOut(names[identity], "the harness's own cost, which no kernel changes", open=False))
        elif all(arms.values()):
            meaning = meanings[identity]
            metric = Metric(names[identity], meaning.unit, meaning.direction)
            one, other = (ArmSamples(arm, _checked(boots, name=names[identity])) for arm, boots in arms.items())
            found[meaning.role].append((identity, MetricPair(metric, one, other)))
    details, unfit = _families(found[MetricRole.DETAIL])
    left_out += unfit + _failures(documents)
    state = tuple(_state_findings(documents))
    return JoinedArms(*_columns(found[MetricRole.KEY]), details=details, left_out=tuple(left_out), state=state)


def _families(
    found: Iterable[tuple[SeriesIdentity, MetricPair]],
) -> tuple[tuple[JoinedDetails, ...], list[LeftOut]]:
    """The details by workload, and those that cannot be compared."""
    families = defaultdict(list)
    unfit = []
    for identity, pair in found:
        fault = fault_of(pair)
        if fault is None:
            families[identity.workload].append((identity, pair))
        else:
            unfit.append(LeftOut(pair.metric.name, str(fault), open=False))
    names = _names(families)
    return tuple(JoinedDetails(*_columns(family), names[workload]) for workload, family in families.items()), unfit


def _columns(
    found: Sequence[tuple[SeriesIdentity, MetricPair]],
) -> tuple[tuple[MetricPair, ...], tuple[SeriesIdentity, ...]]:
    return tuple(pair for _, pair in found), tuple(identity for identity, _ in found)


def _take(document: MeasuredDocument, *, arm: str, series: Series, meanings: Meanings) -> None:
    """Add a document's boots. The first document that names a series decides what it means."""
    for item in document.series:
        known = meanings.setdefault(
            item.identity, Meaning(item.unit, item.direction, item.role, source=document.source)
        )
        if (known.unit, known.direction) != (item.unit, item.direction):
            raise DocumentError(
                f"{item.identity.name}: {known.source} measures {known.unit} ({known.direction} is better), "
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
    """Short names; where a short one would stand for several series, with what tells them apart."""
    by_name = defaultdict(list)
    for identity in identities:
        by_name[identity.name].append(identity)
    return {
        identity: name if len(group) == 1 else f"{name} ({conditions})"
        for name, group in by_name.items()
        for identity, conditions in zip(group, _conditions(group), strict=True)
    }


def _conditions(identities: Sequence[SeriesIdentity]) -> list[str]:
    """Placement of each, and those of its parameters that not all of them have."""
    shared = set.intersection(*(set(identity.parameters) for identity in identities))
    return [
        replace(identity, parameters=tuple(item for item in identity.parameters if item not in shared)).conditions
        for identity in identities
    ]


def _one_sided(series: Series, *, meanings: Meanings, names: Mapping[SeriesIdentity, str]) -> list[LeftOut]:
    """Series that only one arm has. Details go with their key figure; on their own they leave the verdict whole."""
    alone = [
        identity
        for identity, arms in series.items()
        if identity.benchmark not in UNJUDGED_BENCHMARKS and not all(arms.values())
    ]
    keys = [identity for identity in alone if meanings[identity].role is MetricRole.KEY]
    details = Counter(replace(identity, metric="") for identity in alone if identity not in set(keys))
    left_out = []
    for identity in keys:
        reason = _only_here(identity, series=series)
        if count := details.pop(replace(identity, metric=""), 0):
            reason += f" (nor are its {count} parts compared)"
        left_out.append(LeftOut(names[identity], reason, open=True))
    return left_out + [
        LeftOut(names[identity], _only_here(identity, series=series), open=False)
        for identity in alone
        if replace(identity, metric="") in details
    ]


def _only_here(identity: SeriesIdentity, *, series: Series) -> str:
    here, there = ARMS if series[identity][ARMS[0]] else reversed(ARMS)
    alike = [other for other in series if other.name == identity.name and other != identity and series[other][there]]
    reason = f"only {here} has it"
    if alike:
        others = _conditions([identity, *alike])[1:]
        more = f" and in {len(others) - MOST_ALIKE} more ways" if len(others) > MOST_ALIKE else ""
        shown = " and with ".join(others[:MOST_ALIKE])
        reason += f"; {there} measured it with {shown}{more}, which is another series"
    return reason


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

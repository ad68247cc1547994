# SPDX-License-Identifier: GPL-2.0-or-later
"""`kdyno analyze`: the statistics of the lab on files, without a lab."""

from pathlib import Path
from typing import Annotated

import typer

from kdyno.analysis.machine_kind import MachineKind
from kdyno.cli.analyze_files import OutputFormat, TextFormat, input_errors, printable, refuse

CHANGEPOINTS_HELP = """
Find where a series of measurements changed: steps, slow drifts, changed scatter.

The series is one number a line (several are repetitions of one point; a unit may follow), or CSV with a header
(neighbouring rows with one label are repetitions), or JSON: a list of numbers, a list of lists, or an object
`{"unit": "ns/op", "values": [...], "labels": [...]}`. At least 8 points; points count from 0.

With --online and text, reports are printed as the lines of the input arrive, so that a log can be followed:
`tail -f log | kdyno analyze changepoints - --online`

Exit code: 0 done, whether or not there are changes; 1 changes, with --fail-on-change; 2 the input is wrong.
"""

COMPARE_HELP = """
Compare base with patched: per metric the change, its interval and a verdict.

A file is a document of `kbench run --json` or of `reaim --json`, which is one boot, or of kdyno's own form for any
other program, which holds one metric of several boots: `{"metric": "jobs", "unit": "1/min", "direction": "higher",
"boots": [[5012.3, 5020.1], [4987.0, 5001.5]]}`.

Boots count, not samples: give each arm at least two, each file a boot of its own. The boots of an arm may be
several files, or a directory of JSON files.

Series are compared only with their like: same benchmark, metric, placement and parameters. What is left out is
named, and unless it is of no consequence it keeps the exit code from being 0.

Of reaim, the jobs per minute of each number of users are judged (in single-user mode the mean rate). The parts, such
as the time of a job in each sub-test, are held together against an --alpha of their own: "moved inside" names those
that moved, and changes neither verdict nor exit code. Workfile, users, --seed and skipped sub-tests must be the same.

Exit code: 0 no regression, 1 regression, 2 the input is wrong, 4 more boots are needed or not all was compared.
"""

MANIFEST_HELP = """
Say what differs between the states of two boots, and whether their figures may be compared.

Each difference is invalidating (another machine, setting or instrument), notable (may have moved a figure), or
expected (the kernel under test, what is new in every boot). The rules are data, in
kdyno/analysis/manifest/rules.toml; what no rule knows is notable. Of kbench and reaim documents, host and harness are
compared.

Exit code: 0 comparable, 1 an invalidating difference, 2 the input is wrong.
"""


def flowed(text: str) -> str:
    """Paragraphs without the line breaks of the source, which would be shown."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


analyze_app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Statistics on files, without a lab: compare two kernels, find changes in a history, tell two machines' states "
        "apart.\n\n"
        "The methods, their error rates and their limits are those of the lab's own verdicts: see docs/statistics.md; "
        "docs/howto-analyze.md shows each command at work. Nothing is sent anywhere, and nothing is stored."
    ),
)

Format = Annotated[
    OutputFormat | None, typer.Option("--format", help="(default: by the output's name, else text)", show_default=False)
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Where to write. (default: standard output; for a picture on a terminal, a file named after the input)",
        show_default=False,
    ),
]


def share(text: str) -> float:
    """`1%` and `0.01` are the same; a bare 1 would be a guess."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a percentage like 1% nor a share like 0.01") from None
    if not 0 <= value < 1:
        raise typer.BadParameter(f"{text} is {100 * value:g} %; write 1% or 0.01 for one per cent")
    return value


@analyze_app.command("changepoints", help=flowed(CHANGEPOINTS_HELP))
def changepoints(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The series, oldest point first; - is standard input.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Column of the values; repeated, the columns are repetitions of a point. A number from 1 where there "
            "is no header. (default: value, median, mean, or the only one)",
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Column that names the points. (default: label, commit or revision, if there is one)"
        ),
    ] = "",
    unit: Annotated[str, typer.Option(help="Unit of the values, to be shown. (default: the file's own)")] = "",
    online: Annotated[
        bool, typer.Option("--online", help="Replay point by point: what was reported when, and what was taken back.")
    ] = False,
    fail_on_change: Annotated[
        bool, typer.Option("--fail-on-change", help="Exit with 1 when there is any change.")
    ] = False,
    output_format: Format = None,
    output: Output = None,
) -> None:
    """Read the options; the work is in analyze_changes."""
    from kdyno.analysis.documents.series import SeriesChoice
    from kdyno.cli.analyze_changes import find_changes

    choice = SeriesChoice(columns=column or [], label=label or None, unit=unit or None)
    with input_errors():
        found = find_changes(file, choice=choice, online=online, wanted=output_format, output=output)
    raise typer.Exit(1 if found and fail_on_change else 0)


@analyze_app.command("compare", help=flowed(COMPARE_HELP))
def compare(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[A.json B.json]", help="Base and patched: a file or a directory each.", show_default=False
        ),
    ] = None,
    base: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Boots of the base kernel; may be repeated.", show_default=False),
    ] = None,
    patched: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Boots of the patched kernel; may be repeated.", show_default=False),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(parser=share, metavar="1%", help="Change that is of no interest. (default: by kind of machine)"),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(
            parser=share, metavar="1%", help="False alarms per comparison, all metrics together. (default: 1%)"
        ),
    ] = None,
    percentile: Annotated[
        list[float] | None,
        typer.Option(min=0.1, max=99.9, help="Of a boot's samples; may be repeated. (default: 50)", show_default=False),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The machine's past boots, kdyno.history/1.", show_default=False),
    ] = None,
    machine: Annotated[MachineKind, typer.Option(help="Kind of machine: what to expect of its noise.")] = (
        MachineKind.HARDWARE
    ),
    minutes_per_boot: Annotated[
        float | None, typer.Option(min=0, help="To say how long further boots take.", show_default=False)
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="Let the verdict stand though something could not be compared.")
    ] = False,
    ignore_state: Annotated[
        bool, typer.Option("--ignore-state", help="Compare though machine, settings or instruments differ.")
    ] = False,
    output_format: Format = None,
    output: Output = None,
) -> None:
    """Read the options; the work is in analyze_compare."""
    from kdyno.cli.analyze_compare import Comparing, compare_files

    if alpha == 0:
        refuse("--alpha 0 would need endless boots; 1% is usual")
    arms = _arms(files or [], base=base or [], patched=patched or [])
    comparing = Comparing(
        machine=machine,
        margin=margin,
        alpha=alpha,
        quantiles=[value / 100 for value in percentile or []],
        history=history,
        minutes_per_boot=minutes_per_boot,
        partial=partial,
        ignore_state=ignore_state,
    )
    with input_errors():
        code = compare_files(*arms, comparing=comparing, wanted=output_format, output=output)
    raise typer.Exit(code)


def _arms(files: list[Path], *, base: list[Path], patched: list[Path]) -> tuple[list[Path], list[Path]]:
    """Two arguments, or both options."""
    if files and (base or patched):
        refuse("give the arms either as two arguments or by --base and --patched, not both")
    if files and len(files) != 2:
        refuse(f"two arguments are needed, base and patched, not {len(files)}; more files go by --base and --patched")
    if not files and not (base and patched):
        refuse("two arms are needed: A.json B.json, or --base FILE and --patched FILE")
    return (files[:1], files[1:]) if files else (base, patched)


@analyze_app.command("manifest", help=flowed(MANIFEST_HELP))
def manifest(
    before: Annotated[
        str, typer.Argument(metavar="A.json", help="State manifest, agent facts, kbench or reaim document.")
    ],
    after: Annotated[str, typer.Argument(metavar="B.json", help="The same of another boot.")],
    rules: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Rules in TOML instead of kdyno's own.", show_default=False),
    ] = None,
    output_format: Annotated[TextFormat, typer.Option("--format")] = TextFormat.TEXT,
) -> None:
    """Compare two documents; nothing else is needed for it."""
    import json

    from kdyno.analysis.documents.measured import parse_json
    from kdyno.analysis.documents.registry import state_of
    from kdyno.analysis.manifest import compare_manifests, load_rules, manifest_document, manifest_text
    from kdyno.cli.analyze_files import source_name, text_of

    with input_errors():
        documents = [state_of(parse_json(text_of(file), source=source_name(file))) for file in (before, after)]
        try:
            judged_by = load_rules(rules) if rules else load_rules()
        except OSError as error:
            refuse(f"cannot read {rules}: {error.strerror}")
        diff = compare_manifests(*documents, rules=judged_by)
    if output_format is TextFormat.JSON:
        typer.echo(json.dumps(manifest_document(diff), indent=1))
    else:
        typer.echo(printable(manifest_text(diff)), nl=False)
    raise typer.Exit(0 if diff.comparable else 1)

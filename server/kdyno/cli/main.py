# SPDX-License-Identifier: GPL-2.0-or-later
"""The command `kdyno`."""

import sys

import typer

from kdyno.cli import analyze, demo, lab_data, processes, submit, up

app = typer.Typer(
    name="kdyno",
    help=(
        "A dynamometer for Linux kernels: hand it a patch, get a verdict on performance.\n\n"
        "`kdyno demo` shows the whole path on this computer; `kdyno up` starts a lab here; `kdyno submit` sends it "
        "a test request; `kdyno analyze` works on files alone.\n\n"
        "Settings are environment variables beginning with KDYNO_ (KDYNO_DATA_DIR, KDYNO_PORT, ...); DATABASE_URL, "
        "REDIS_URL and SMTP_URL replace the servers that a lab would start itself."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("status")(up.status)
app.command("submit")(submit.submit)
app.command("cancel")(lab_data.cancel)
app.add_typer(analyze.analyze_app, name="analyze")
app.add_typer(lab_data.tree_app, name="tree")
app.add_typer(lab_data.image_app, name="image")
app.add_typer(lab_data.machine_app, name="machine")
app.add_typer(lab_data.workload_app, name="workload")
app.add_typer(lab_data.token_app, name="token")
for name, command in processes.COMMANDS.items():
    app.command(name, rich_help_panel="Single processes of a lab")(command)


def main() -> None:
    """Entry point; errors that have a cause outside kdyno end with one line and status 2."""
    try:
        app()
    except ValueError as error:
        # imported late: reading the settings costs more than printing the help
        from kdyno.config import ConfigError

        if not isinstance(error, ConfigError):
            raise
        sys.stderr.write(f"kdyno: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()

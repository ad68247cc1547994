# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: one file per group of commands, each importing what it needs only when it runs."""

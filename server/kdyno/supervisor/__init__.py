# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a whole lab in one process tree: starts what is needed, restarts what dies, and leaves nothing behind."""

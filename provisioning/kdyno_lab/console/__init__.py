# SPDX-License-Identifier: GPL-2.0-or-later
"""Serial consoles: following their files, and reading what the kernel says in them when it goes wrong."""

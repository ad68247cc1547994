# SPDX-License-Identifier: GPL-2.0-or-later
"""The virtual lab: QEMU machines on this host, and the choice of how they are accelerated."""

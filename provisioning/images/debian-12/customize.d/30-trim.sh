#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs inside the new root. Removes what installation left behind and nothing will read again.
set -eu
rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf/* /var/log/* /var/lib/dpkg/*-old /var/backups/*
# Not /tmp: mmdebstrap keeps its apt configuration there until the end, and empties it itself.
find /boot /var/tmp -mindepth 1 -delete
rm -f /etc/resolv.conf /etc/hostname /etc/.pwd.lock
find / -xdev -type d -name __pycache__ -prune -exec rm -rf {} +
echo kdyno >/etc/hostname

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs inside the new root. Nothing starts but what kdyno.target wants: no daemon, timer or generator may take
# processor time from a benchmark, and each costs start-up time.
set -eu
systemctl set-default kdyno.target 2>/dev/null

mkdir -p /etc/systemd/system-generators
for generator in /usr/lib/systemd/system-generators/*; do
	ln -sf /dev/null "/etc/systemd/system-generators/${generator##*/}"
done

for unit in /usr/lib/systemd/system/*.timer; do
	systemctl mask "${unit##*/}" 2>/dev/null
done
systemctl mask 2>/dev/null \
	ssh.service ssh.socket systemd-logind.service \
	systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket \
	systemd-networkd.service systemd-networkd.socket systemd-timesyncd.service systemd-resolved.service \
	getty.target serial-getty@.service dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount \
	sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount proc-sys-fs-binfmt_misc.automount

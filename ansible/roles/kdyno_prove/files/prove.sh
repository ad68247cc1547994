#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints what this machine has booted, by its own word. Changes nothing.
set -eu

# values NAME: what the kernel command line gives for NAME; all of them, should it stand there twice.
values() {
	found=
	for word in $command_line; do
		case $word in
		"$1="*) found="$found${found:+ }${word#*=}" ;;
		esac
	done
}

prove() {
	read -r command_line </proc/cmdline || [ -n "$command_line" ]
	image_id=
	[ ! -r /etc/kdyno-image-id ] || read -r image_id </etc/kdyno-image-id || :
	json_string release "$(uname -r)"
	values kdyno.attempt
	json_string attempt "$found"
	values kdyno.build
	json_string build "$found"
	json_string image_id "$image_id"
	json_close
}

set -f
prove </dev/null

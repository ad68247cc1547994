#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the agent and the benchmarks from the server, checks their hashes, and starts the agent. Prints the hashes
# that were seen; with a wrong one nothing is installed and nothing is started.
# Set before: KDYNO_SERVER_URL, KDYNO_PROGRAMS (lines "HASH NAME"), KDYNO_UNIT, KDYNO_TOKEN.
set -eu

programs=/opt/kdyno
unit=/run/systemd/system/kdyno-agent.service
# Where benchmarks put their files: on the disk that was imaged.
scratch=/var/lib/kdyno/scratch
changed=
newline='
'

note() {
	changed="$changed${changed:+$newline}$1"
}

# read_wanted: sets `wanted` to the lines of KDYNO_PROGRAMS, and `names` to the names in them.
read_wanted() {
	wanted='' names=''
	while read -r hash name; do
		[ -n "$hash" ] || continue
		wanted="$wanted${wanted:+$newline}$hash $name"
		names="$names $name"
	done <<-END
		$KDYNO_PROGRAMS
	END
}

# hashes SUFFIX: sets `seen` to lines "HASH NAME" of the programs that are there as NAME followed by SUFFIX.
hashes() {
	suffix=$1
	set --
	for name in $names; do
		set -- "$@" "$programs/$name$suffix"
	done
	seen=
	while read -r hash file; do
		[ -n "$hash" ] || continue
		file=${file#"$programs/"}
		seen="$seen${seen:+$newline}$hash ${file%"$suffix"}"
	done <<-END
		$(b2sum --length 256 "$@" 2>/dev/null)
	END
}

right() {
	[ "$seen" = "$wanted" ]
}

# fetch: all programs in one connection; they are in place only when all are right.
fetch() {
	mkdir -p "$programs"
	set --
	for name in $names; do
		set -- "$@" --output "$programs/$name.new" "$KDYNO_SERVER_URL/boot/payload/$name"
	done
	curl --silent --show-error --fail --fail-early --noproxy '*' --connect-timeout 10 --max-time 120 --retry 3 "$@"
	hashes .new
	right || return 0
	chmod 0755 "$programs"
	for name in $names; do
		install_program "$name"
	done
	note programs
}

# install_program NAME: an archive is unpacked before it is in place, so that one in place is whole.
install_program() {
	case $1 in
	*.tar)
		rm -rf "${programs:?}/${1%.tar}"
		tar --extract --no-same-owner --directory "$programs" --file "$programs/$1.new"
		;;
	*) chmod 0755 "$programs/$1.new" ;;
	esac
	mv "$programs/$1.new" "$programs/$1"
}

# write_file FILE TEXT: only when it says something else.
write_file() {
	[ ! -f "$1" ] || [ "$(cat "$1")" != "$2" ] || return 0
	mkdir -p "${1%/*}"
	printf '%s\n' "$2" >"$1"
	note "$1"
}

install_unit() {
	loaded=no
	[ ! -f "$unit" ] || loaded=yes
	before=$changed
	write_file "$unit" "$KDYNO_UNIT"
	# systemd has read an older file of this name; a new one it finds by itself.
	[ "$loaded" = no ] || [ "$changed" = "$before" ] || systemctl daemon-reload
}

report() {
	json_open programs
	while read -r hash name; do
		[ -z "$hash" ] || json_string "$name" "$hash"
	done <<-END
		$seen
	END
	json_close
	json_list changed "$changed"
	json_close
}

start() {
	mkdir -p "$scratch"
	umask 077
	write_file /run/kdyno/token "$KDYNO_TOKEN"
	umask 022
	install_unit
	systemctl start --no-block kdyno-agent.service
}

main() {
	read_wanted
	hashes ''
	right || fetch
	! right || start
	report
}

umask 022
main </dev/null

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sets KDYNO_GOVERNOR and KDYNO_THP where they exist, swap off, stops KDYNO_STOPPED_UNITS, and prints the state that
# was reached, read back. What cannot be set is seen there and judged on the control side.
set -eu

newline='
'
changed=
cpu=/sys/devices/system/cpu

# first_line FILE: sets `line`; empty when there is no such file.
first_line() {
	line=
	[ ! -r "$1" ] || read -r line <"$1" || :
}

# add LIST LINE: sets `list` to both.
add() {
	list="$1${1:+$newline}$2"
}

# set_file FILE VALUE WHAT
set_file() {
	if { echo "$2" >"$1"; } 2>/dev/null; then
		add "$changed" "$3"
		changed=$list
	fi
}

tune_governor() {
	governors=
	for file in "$cpu"/cpufreq/policy*/scaling_governor; do
		first_line "$file"
		[ -n "$line" ] || continue
		if [ "$line" != "$KDYNO_GOVERNOR" ]; then
			set_file "$file" "$KDYNO_GOVERNOR" governor
			first_line "$file"
		fi
		case "$newline$governors$newline" in
		*"$newline$line$newline"*) ;;
		*) add "$governors" "$line" && governors=$list ;;
		esac
	done
	json_list governors "$governors"
}

# choice FILE: sets `line` to the word in brackets, which is the one in force.
choice() {
	first_line "$1"
	line=${line#*[}
	line=${line%%]*}
}

tune_thp() {
	file=/sys/kernel/mm/transparent_hugepage/enabled
	choice "$file"
	if [ -n "$line" ] && [ "$line" != "$KDYNO_THP" ]; then
		set_file "$file" "$KDYNO_THP" thp
		choice "$file"
	fi
	json_string thp "${line:-absent}"
	choice /sys/kernel/mm/transparent_hugepage/defrag
	json_string thp_defrag "${line:-absent}"
}

# read_swaps: sets `swaps` to what is swapped to.
read_swaps() {
	swaps=
	[ -r /proc/swaps ] || return 0
	while read -r device rest; do
		[ "$device" = Filename ] || { add "$swaps" "$device" && swaps=$list; }
	done </proc/swaps
}

tune_swap() {
	read_swaps
	if [ -n "$swaps" ] && swapoff -a 2>/dev/null; then
		add "$changed" swap
		changed=$list
		read_swaps
	fi
	json_list swaps "$swaps"
}

tune_units() {
	services='' timers='' stop=''
	while read -r unit rest; do
		case " $KDYNO_STOPPED_UNITS " in
		*" $unit "*) stop="$stop $unit" ;;
		*)
			case $unit in
			kdyno-agent.service) ;; # ours, from a run before
			*.service) add "$services" "$unit" && services=$list ;;
			*.timer) add "$timers" "$unit" && timers=$list ;;
			esac
			;;
		esac
	done <<-END
		$(systemctl list-units --type=service,timer --state=running,waiting --plain --no-legend --no-pager)
	END
	if [ -n "$stop" ]; then
		# shellcheck disable=SC2086 # a list of words
		systemctl stop $stop
		add "$changed" "stopped$stop"
		changed=$list
	fi
	json_list services "$services"
	json_list timers "$timers"
}

# record_kernel: what runs; the attempt's token is not for the record.
record_kernel() {
	first_line /proc/cmdline
	shown=
	for word in $line; do
		case $word in
		kdyno.token=*) word='kdyno.token=***' ;;
		esac
		shown="$shown${shown:+ }$word"
	done
	json_string cmdline "$shown"
	first_line /proc/version
	json_string kernel_version "$line"
	first_line /proc/sys/kernel/random/boot_id
	json_string boot_id "$line"
	first_line /proc/sys/kernel/randomize_va_space
	json_number randomize_va_space "$line"
	clocksource=/sys/devices/system/clocksource/clocksource0
	first_line "$clocksource/current_clocksource"
	json_string clocksource "$line"
	first_line "$clocksource/available_clocksource"
	json_string clocksources_available "$line"
}

record_processors() {
	cpus=0 model='' microcode=''
	while IFS=: read -r name value; do
		case $name in
		processor*) cpus=$((cpus + 1)) ;;
		"model name"*) model=${value# } ;;
		microcode*) microcode=${value# } ;;
		esac
	done </proc/cpuinfo
	json_number cpus "$cpus"
	json_string cpu_model "$model"
	json_string microcode "$microcode"
	first_line "$cpu/smt/control"
	json_string smt "${line:-absent}"
	json_open mitigations
	for file in "$cpu"/vulnerabilities/*; do
		first_line "$file"
		[ -z "$line" ] || json_string "${file##*/}" "$line"
	done
	json_close
}

record_memory() {
	while read -r name value rest; do
		[ "$name" != MemTotal: ] || break
	done </proc/meminfo
	json_number memory_kb "$value"
	mounts=
	while read -r device directory kind options rest; do
		case $device in
		/dev/*) add "$mounts" "$device $directory $kind $options" && mounts=$list ;;
		esac
	done </proc/mounts
	json_list mounts "$mounts"
}

tune() {
	tune_governor
	tune_thp
	tune_swap
	tune_units
	record_processors
	record_memory
	set -f
	record_kernel
	json_list changed "$changed"
	json_close
}

tune </dev/null

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The middle one: lines go into a file and through a pipe, with subshells and substitutions.
# $1: a directory of its own.
set -eu

lines=$1/lines

write_lines() {
	i=0
	while [ "$i" -lt 200 ]; do
		i=$((i + 1))
		echo "$i $((i * 7 % 10)) line"
	done
}

count_threes() {
	threes=0
	while read -r number digit word; do
		case $digit in
		3) threes=$((threes + 1)) ;;
		esac
		: "$number" "$word"
	done
	echo "$threes"
}

square() {
	echo $(($1 * $1))
}

write_lines > "$lines"
from_file=$(count_threes < "$lines")
from_pipe=$(write_lines | count_threes)
squares=0
for i in 1 2 3 4 5 6 7 8 9 10; do
	squares=$((squares + $(square "$i")))
done
echo "shell_rtns_2 $from_file $from_pipe $squares"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The long one: builds a small tree of records in the background, reads it back, and has other
# shells do sums.
# $1: a directory of its own.
set -eu

directory=$1

# Records of one group, each with a value from a linear congruence.
write_group() {
	value=$1
	i=0
	while [ "$i" -lt 120 ]; do
		i=$((i + 1))
		value=$(((value * 421 + 1663) % 7875))
		echo "$1 $i $value"
	done
}

sum_values() {
	sum=0
	while read -r group record value; do
		[ "$record" -gt 0 ] || exit 1
		sum=$((sum + value))
		: "$group"
	done
	echo "$sum"
}

for group in 1 2 3 4; do
	write_group "$group" > "$directory/group.$group" &
done
wait

total=0
for file in "$directory"/group.*; do
	total=$((total + $(sum_values < "$file")))
done

again=0
for group in 1 2 3 4; do
	again=$((again + $(write_group "$group" | sum_values)))
done

shells=0
for i in 1 2 3 4 5 6 7 8; do
	# shellcheck disable=SC2016 # the other shell expands it
	shells=$(sh -c 'echo $(($1 + $2))' sum "$shells" "$i")
done
echo "shell_rtns_3 $total $again $shells"

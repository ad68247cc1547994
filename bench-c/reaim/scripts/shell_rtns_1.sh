#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The short one: a loop of shell arithmetic, nothing but the shell itself.
set -eu

i=0
sum=0
while [ "$i" -lt 100 ]; do
	i=$((i + 1))
	sum=$((sum + i))
done
echo "shell_rtns_1 $sum"

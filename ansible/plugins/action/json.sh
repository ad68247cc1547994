#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Functions that print a JSON object member by member. Builtins only: each process costs an emulated machine
# tens of milliseconds. kdyno_sh puts them before every script.
LC_ALL=C
export LC_ALL
json_separator='{'

# json_escape TEXT: sets json_escaped; control characters become spaces.
json_escape() {
	json_escaped=
	json_rest=$1
	while :; do
		case $json_rest in
		*[\"\\[:cntrl:]]*) ;;
		*) break ;;
		esac
		json_head=${json_rest%%[\"\\[:cntrl:]]*}
		json_rest=${json_rest#"$json_head"}
		json_tail=${json_rest#?}
		case $json_rest in
		[[:cntrl:]]*) json_escaped="$json_escaped$json_head " ;;
		*) json_escaped="$json_escaped$json_head\\${json_rest%"$json_tail"}" ;;
		esac
		json_rest=$json_tail
	done
	json_escaped=$json_escaped$json_rest
}

# json_name NAME: the separator that is due, and a member's name.
json_name() {
	json_escape "$1"
	printf '%s"%s":' "$json_separator" "$json_escaped"
	json_separator=,
}

# json_string NAME TEXT
json_string() {
	json_name "$1"
	json_escape "$2"
	printf '"%s"' "$json_escaped"
}

# json_number NAME TEXT: an integer, or null when TEXT is none.
json_number() {
	json_name "$1"
	case $2 in
	'' | *[!0-9]*) printf null ;;
	*) printf '%s' "$2" ;;
	esac
}

# json_list NAME LINES: a list with one string per line.
json_list() {
	json_name "$1"
	json_comma=
	printf '['
	while IFS= read -r json_line; do
		[ -n "$json_line" ] || continue
		json_escape "$json_line"
		printf '%s"%s"' "$json_comma" "$json_escaped"
		json_comma=,
	done <<-END
		$2
	END
	printf ']'
}

# json_open NAME, json_close: members between them belong to the object NAME.
json_open() {
	json_name "$1"
	json_separator='{'
}

json_close() {
	[ "$json_separator" = , ] || printf '{'
	printf '}'
	json_separator=,
}

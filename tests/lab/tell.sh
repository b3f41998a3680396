# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Lines to a daemon's control socket, and its status. Sourced; the sockets are
# those of $sockets, NAME.sock.
#
#	tell NAME LINE...       what it answers up to `done`, or what $until says
#	rows NAME               all rows of its status
#	shows NAME PATTERN      rows that begin like that; fails if none does
#	row_value NAME TABLE ID KEY

tell()
{
	local name=$1

	shift
	# shellcheck disable=SC2154 # of who sources this
	printf '%s\n' "$@" | timeout 12 "$LAB_BUILD/tests/lab/lines" \
	    -w "${until:-done}" "$sockets/$name.sock" control lab
}

rows()
{
	tell "$1" status
}

shows()
{
	local all

	all=$(rows "$1")
	grep -E "^row $2" <<<"$all" || {
		echo "$all" >&2
		return 1
	}
}

row_value()
{
	rows "$1" 2>/dev/null | awk -v table="$2" -v id="$3" -v key="$4=" '
	$1 == "row" && $2 == table && $3 == id {
		for (i = 4; i <= NF; i++)
			if (index($i, key) == 1) {
				print substr($i, length(key) + 1)
				exit
			}
	}'
}

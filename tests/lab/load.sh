# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-2-Clause
#
# What a load of clients (load.c) told in $LAB/log/load.log. Sourced.
#
#	load_figures LOG...     those become load.log; $requests, $failed_requests
#	                        and $slowest (ms) are of all of them
#	no_request_failed       and there were some
#	last_sent NAME          when the last client was sent to a server whose
#	                        name begins so, in ms since 1970; 0: never

load_figures()
{
	cat "$@" >"$LAB/log/load.log"
	rm "$@"
	read -r requests failed_requests slowest < <(awk '
	$1 == "requests" {
		n += $2; f += $4
		if ($6 > s) s = $6
	}
	END { print n + 0, f + 0, s + 0 }' "$LAB/log/load.log")
}

no_request_failed()
{
	cat "$LAB/log/load.log"
	grep -q '^requests [1-9][0-9]* failed 0 ' "$LAB/log/load.log"
}

last_sent()
{
	awk -v s="^$1" '$1 == "to" && $2 ~ s && $5 > t { t = $5 }
	    END { printf "%.0f\n", t }' "$LAB/log/load.log"
}

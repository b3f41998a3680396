# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-2-Clause
#
# Failures with clients on the way: a load at front ends of the farm, and a
# table of what each failure cost. Sourced after farm.sh.
#
#	clients_start SITE...       50 clients a second at each front end
#	clients_end                 their figures, into $requests and so on
#	row TEXT MEASURED BUDGET UNIT   a result: within budget, and no request
#	                            failed in the load that ended last
#	row_table                   all rows, at the end
#	measure SECONDS COMMAND...  how long until it holds, into $took

. "$LAB_TOP/tests/lab/load.sh"
requests=0 failed_requests=0 slowest=0
ROWS=()
CLIENTS_AT='' CLIENTS_SINCE=0

# At most two minutes, ended by clients_end, and a second at least.
clients_start()
{
	local s

	CLIENTS_AT=$*
	CLIENTS_SINCE=$(lab_now)
	for s in "$@"; do
		rm -f "$LAB/log/load-$s.log"
		lab_start "load-$s" "client-$s" "$LAB/bin/load" 120 50 16 \
		    "10.${FARM_NUMBER[$s]}.0.1" 80 "${SERVICE:-www}.test.com" \
		    "${FARM_CLIENT[$s]}" "198.18.${FARM_NUMBER[$s]}.1"
	done
}

clients_end()
{
	local s logs=()

	while [ "$(since "$CLIENTS_SINCE")" -lt 1000 ]; do
		sleep 0.1
	done
	for s in $CLIENTS_AT; do
		lab_signal "load-$s" TERM
	done
	for s in $CLIENTS_AT; do
		wait "$(lab_pid "load-$s")"
		logs+=("$LAB/log/load-$s.log")
	done
	load_figures "${logs[@]}"
}

# The rows that follow are measured without clients.
no_clients()
{
	failed_requests=0 requests=-
	: >"$LAB/log/load.log"
}

row_holds()
{
	cat "$LAB/log/load.log"
	echo "measured $1, budget $2"
	[ "$1" -le "$2" ] && [ "$failed_requests" = 0 ] &&
	    [ "$requests" != 0 ]
}

row()
{
	local text=$1 measured=$2 budget=$3 unit=$4 share

	check "$text" row_holds "$measured" "$budget"
	share=$failed_requests/$requests
	[ "$requests" != - ] || share=-
	ROWS+=("$(printf '%-58s %9s %9s  %s' "$text" "$measured $unit" \
	    "$budget $unit" "$share")")
}

row_table()
{
	printf '    %-58s %9s %9s  %s\n' "what failed" measured budget \
	    failed/requests
	printf '    %s\n' "${ROWS[@]}"
}

# since TIME: ms from then until now
since()
{
	echo $(($(lab_now) - $1))
}

measure()
{
	local begin

	begin=$(lab_now)
	lab_wait "$@" || echo "not in time: ${*:2}"
	took=$(since "$begin")
}

# Servers in a state, by a daemon's status: servers_are DAEMON STATE NAME...
servers_are()
{
	local daemon=$1 state=$2 s

	shift 2
	rows "$daemon" >"$LAB/servers"
	for s in "$@"; do
		grep -qE "^row server www\.$s\.test\.com service=www .*state=$state " \
		    "$LAB/servers" || return 1
	done
}

farm_is_up()
{
	# shellcheck disable=SC2086 # a list of names
	servers_are "${1:-director}" up $FARM_SERVERS
}

# The farm is there and clients are sent to each site.
farm_ready()
{
	check "the farm is up" lab_wait 30 farm_is_up
	clients_start "$@"
	sleep 1
	clients_end
	check "clients are redirected" test "$failed_requests" = 0
}

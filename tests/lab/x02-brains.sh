#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Managers, directors and probers die and hang while clients come at all
# sites; all the while the snmpd of each director and front end hangs.
# lab: seconds=80

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-x02-brains
LAB_PREFIX=hop-y-
FARM_PAIRS=yes
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"
. "$here/rows.sh"

loads_from()
{
	shows "${2:-director}" "feed $1 .*loads=in-use"
}

loads_age()
{
	shows director 'feed .*loads=ageing' &&
	    shows director2 'feed .*loads=ageing'
}

test_managers()
{
	clients_start ny la sj
	lab_kill manager
	measure 10 loads_from manager2
	clients_end
	row "a manager dies: the next one's view is used" "$took" 4000 ms
	farm_start_manager
	check "the first one comes back" lab_wait 20 loads_from manager
	clients_start ny sj
	ip -n "${LAB_PREFIX}net" link set manager down
	measure 15 loads_from manager2
	check "all servers are up in its view" lab_wait 2 farm_is_up
	clients_end
	row "a manager is cut off: the next one's view is used" "$took" 8500 ms
	ip -n "${LAB_PREFIX}net" link set manager up
	check "the first one sees servers again" \
	    lab_wait 20 loads_from manager
	clients_start ny sj
	lab_signal manager STOP
	measure 10 loads_from manager2
	clients_end
	row "a manager hangs: the next one's view is used" "$took" 4500 ms
}

load_of()
{
	rows "$2" | sed -n \
	    "s/^row server www\.$1\.test\.com service=www .* load=\([^ ]*\) .*/\1/p"
}

load_is()
{
	local load

	load=$(load_of "$1" "$2")
	echo "load of $1 at $2: $load, wanted $3 $4"
	[ "$load" != by-weight ] || load=10000
	[ -n "$load" ] && test "$load" "$3" "$4"
}

# dc1 is nearly full when both managers stop: its load has to age.
both_managers_hang()
{
	lab_start fill client-dc "$LAB/bin/fill" 120 100 10.3.1.3 80 \
	    www.dc1-dc.test.com
	check "a server that fills gets few clients" \
	    lab_wait 10 load_is dc1 director2 -le 2000
	clients_start ny dc
	lab_signal manager2 STOP
	frozen=$(lab_now)
	measure 10 loads_age
	sleep 2
	clients_end
	row "all managers hang: last values, which age" "$took" 4500 ms
}

both_managers_back()
{
	check "a frozen feed's loads reach the weights" \
	    lab_wait 45 load_is dc1 director2 -ge 9999
	took=$(since "$frozen")
	clients_start ny dc
	sleep 1
	clients_end
	row "a frozen feed: loads are at the weights" "$took" 45000 ms
	lab_stop fill
	clients_start ny la dc sj
	lab_signal manager CONT
	lab_signal manager2 CONT
	measure 10 loads_from manager director2
	clients_end
	row "managers go on: their view is used" "$took" 5000 ms
}

# What front ends did without any director so far, at all sites.
alone()
{
	local s

	for s in $FARM_SITES; do
		rows "front-$s"
	done | grep '^row service' | grep -oE '(last|static)=[0-9]+' |
	    awk -F= '{ n += $2 } END { print n + 0 }'
}

# One in fifty at most, on a machine that is busy: 50 ms are soon over.
alone_rarely()
{
	local n

	n=$(($(alone) - $1))
	echo "$n of $requests without a director"
	[ $((n * 50)) -le "$requests" ]
}

test_directors()
{
	local before

	before=$(alone)
	clients_start ny la dc sj
	sleep 1
	lab_kill director
	sleep 2
	clients_end
	row "a director dies: slowest answer" "$slowest" 1000 ms
	check "the other one answers" alone_rarely "$before"
	farm_start_director
	check "it comes back" lab_wait 10 shows front-ny \
	    'director director state=up'
	clients_start ny la dc sj
	sleep 1
	lab_signal director STOP
	sleep 4
	clients_end
	row "a director hangs: slowest answer" "$slowest" 1000 ms
	check "the other one answers again" alone_rarely "$before"
	clients_start ny la dc sj
	sleep 1
	lab_signal director2 STOP
	sleep 5
	clients_end
	row "all directors hang: slowest answer" "$slowest" 1000 ms
	check "by last answers and the static list" \
	    test "$(alone)" -gt "$before"
	test_statics
	lab_signal director CONT
	lab_signal director2 CONT
	lab_wait 10 asked_again
	check "front ends ask them again when they go on" asked_again
}

# Clients that no front end has seen: static answers only.
test_statics()
{
	check "a client without a last answer is sent somewhere, too" \
	    lab_run client-ny curl -s -m 3 -o /dev/null -w '%{redirect_url}' \
	    --interface 100.64.11.1 http://www.test.com/
	grep -q '^http://www\.' "$LAB/check.out" ||
	    not_ok "it was sent to a server"
}

asked_again()
{
	local s

	for s in $FARM_SITES; do
		shows "front-$s" 'director director state=up' ||
		    return 1
	done
}

# The pings that a client's explanation shows for a border: a number or "-".
ping_from()
{
	until=explained tell director "explain www $1 $2" |
	    awk -v b="$1" '$1 == "border" && $2 == b { print $5 }'
}

unmeasured()
{
	[ "$(ping_from la "${FARM_CLIENT[la]}")" = - ]
}

measured()
{
	ping_from la "${FARM_CLIENT[la]}" | grep -qE '^[0-9]+$'
}

test_prober()
{
	clients_start la
	check "clients at la are measured" lab_wait 20 measured
	lab_kill hoppingd-la
	measure 30 unmeasured
	sleep 1
	clients_end
	row "a prober dies: its pings are unmeasured" "$took" 30000 ms
	check "and the manager knows" \
	    shows manager2 'prober la .*state=down'
	farm_start_prober la
}

test_prober_back()
{
	clients_start la
	measure 30 measured
	clients_end
	row "the prober is back: measured again" "$took" 30000 ms
}

lab_begin nginx snmpd snmpwalk curl
farm_make
farm_start
# shellcheck disable=SC2086 # a list of sites
farm_ready $FARM_SITES
for h in director director2 front-{ny,la,dc,sj}; do
	lab_signal "snmpd-$h" STOP
done
test_managers
test_prober
both_managers_hang
test_directors
both_managers_back
test_prober_back
row_table
exit $failed

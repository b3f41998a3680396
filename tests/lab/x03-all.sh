#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# All servers busy, all of them down, and a manager that is cut off and sees
# all of them down: what clients get from a service that serves on, one that
# refuses, and one that has a fallback.
# lab: seconds=65

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-x03-all
LAB_PREFIX=hop-v-
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"
. "$here/rows.sh"

# Two more services on the same servers, which refuse when all are busy.
more_services()
{
	local use

	use=$(grep '<use server=' "$LAB/etc/hopscotch.xml")
	sed -i '/<manager id="manager"/,$d' "$LAB/etc/hopscotch.xml"
	cat >>"$LAB/etc/hopscotch.xml" <<-EOT
	<service id="strict" host="strict.test.com" policy="balanced"
	    all-busy="refuse" retry-after="7s">
	$use
	<try type="http" path="/"/></service>
	<service id="spare" host="spare.test.com" policy="balanced"
	    all-busy="refuse" fallback="http://sorry.test.com/busy">
	$use
	<try type="http" path="/"/></service>
	EOT
	sed "s|@LAB@|$LAB|g" "$LAB_TOP/tests/lab/farm.xml.in" |
	    sed -n '/<manager id="manager"/,$p' >>"$LAB/etc/hopscotch.xml"
}

# gets NAME CODE PATTERN: 20 clients at ny get this status, and headers so.
gets()
{
	lab_run client-ny curl -s -m 3 -o /dev/null -D "$LAB/headers" \
	    -w '%{http_code}\n' --resolve "$1.test.com:80:10.1.0.1" \
	    "http://$1.test.com/?[1-20]" >"$LAB/codes"
	sort "$LAB/codes" | uniq -c
	grep -iE "$3" "$LAB/headers" | sort | uniq -c
	[ "$(grep -c "^$2\$" "$LAB/codes")" = 20 ] &&
	    [ "$(grep -ciE "$3" "$LAB/headers")" = 20 ]
}

all_filled()
{
	[ "$(cat "$LAB"/log/fill-*.log | grep -c '^holding 220')" = 8 ]
}

test_busy()
{
	local h n=0

	for h in $FARM_SERVERS; do
		n=$((n + 1))
		lab_start "fill-$h" "client-${h:0:2}" "$LAB/bin/fill" 120 220 \
		    "10.${FARM_NUMBER[${h:0:2}]}.${h:2}.${FARM_NUMBER[${h:0:2}]}" \
		    80 "www.$h.test.com"
	done
	clients_start ny
	check "each server gets 220 connections" lab_wait 25 all_filled
	# shellcheck disable=SC2086 # a list of names
	measure 20 servers_are director overloaded $FARM_SERVERS
	sleep 1.5
	clients_end
	row "all servers busy: all are known to be" "$took" 10000 ms
	check "the service that serves on redirects" gets www 302 '^location: http://www'
	check "one that refuses answers 503, with a time" \
	    gets strict 503 '^retry-after: 7'
	check "one with a fallback redirects there" \
	    gets spare 302 '^location: http://sorry.test.com/busy'
	for h in $FARM_SERVERS; do
		lab_stop "fill-$h"
	done
	measure 20 farm_is_up
	lab_wait 5 gets strict 302 '^location: http://www'
	check "they are back when there is room" \
	    gets strict 302 '^location: http://www'
}

frozen()
{
	shows manager 'service www .*frozen=yes'
}

# Half of them may go before more than half would.
half_is_up()
{
	rows director | grep '^row server .*service=www .*state=up'
	[ "$(rows director |
	    grep -c '^row server .*service=www .*state=up')" -ge 4 ]
}

# The manager sees nobody any more, and knows that it may be itself.
test_cut_off()
{
	clients_start ny la
	ip -n "${LAB_PREFIX}net" link set manager down
	measure 15 frozen
	check "the log shouts" grep -q 'FROZEN' "$LAB/log/manager.log"
	sleep 4
	check "at least half of the servers are up at the director" half_is_up
	ip -n "${LAB_PREFIX}net" link set manager up
	check "it is over when the manager sees them again" \
	    lab_wait 15 shows manager 'service www .*frozen=no'
	clients_end
	row "a manager is cut off: it freezes, half stays" "$took" 10000 ms
	check "the freeze is in the MIB" \
	    test "$(freezes)" -ge 1
}

freezes()
{
	farm_snmp hopnms snmpwalk manager -OQvs hopManagerServiceFreezes |
	    awk '{ n += $1 } END { print n + 0 }'
}

# All services die at once: a freeze, until their hosts have refused.
test_down()
{
	local h

	sleep 6 # deaths within 10 s are one event
	for h in $FARM_SERVERS; do
		for_program "$h" nginx KILL
	done
	measure 10 frozen
	note "frozen after $took ms"
	# shellcheck disable=SC2086 # a list of names
	measure 20 servers_are director down $FARM_SERVERS
	no_clients
	row "all servers down: believed" "$took" 15000 ms
	sleep 1.1 # what front ends keep
	check "all answer 503 then" gets www 503 '^retry-after: 10'
	check "or the fallback" \
	    gets spare 302 '^location: http://sorry.test.com/busy'
	for h in $FARM_SERVERS; do
		farm_start_nginx "$h"
	done
	measure 20 farm_is_up
	lab_wait 5 gets www 302 '^location: http://www'
	clients_start ny la dc sj
	sleep 1
	clients_end
	row "all servers are back: all up" "$took" 15000 ms
}

lab_begin nginx snmpd snmpwalk curl
farm_make
more_services
farm_start
farm_ready ny la
test_busy
test_cut_off
test_down
row_table
exit $failed

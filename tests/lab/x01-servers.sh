#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Content servers, and what reports their load, die, hang and are set up
# wrongly while clients come. The table of rows says what each cost.
# lab: seconds=65

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-x01-servers
LAB_PREFIX=hop-x-
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"
. "$here/rows.sh"

# Three ways for a service to be gone, at once: fewer than half of it.
test_deaths()
{
	local begin

	clients_start ny la dc
	sleep 1
	begin=$(lab_now)
	for_program ny1 nginx KILL
	for_program la1 nginx STOP
	ip -n "${LAB_PREFIX}net" link set dc1 down
	check "all three are known to be down" \
	    lab_wait 8 servers_are director down ny1 la1 dc1
	sleep 1.5
	clients_end
	row "a content service dies: last client sent there" \
	    $(($(last_sent www.ny1) - begin)) 5000 ms
	row "a content service hangs: last client sent there" \
	    $(($(last_sent www.la1) - begin)) 5000 ms
	row "the host of a service dies: last client sent there" \
	    $(($(last_sent www.dc1) - begin)) 5000 ms
	check "clients had been sent to all three" \
	    had_been_sent ny1 la1 dc1
	begin=$(lab_now)
	farm_start_nginx ny1
	for_program la1 nginx CONT
	ip -n "${LAB_PREFIX}net" link set dc1 up
	clients_start ny la dc
	check "they are up again when they are back" \
	    lab_wait 15 servers_are director up ny1 la1 dc1
	begin=$(since "$begin")
	clients_end
	row "they come back: all are up" "$begin" 15000 ms
}

had_been_sent()
{
	local s

	for s in "$@"; do
		[ "$(last_sent "www.$s")" -gt 0 ] || return 1
	done
}

# --- what reports the load ---

# How often the servers changed state, all together.
changes()
{
	farm_snmp hopnms snmpwalk manager -OQvs hopManagerServerStateChanges |
	    awk '{ n += $1 } END { print n + 0 }'
}

agents_are()
{
	local pattern=$1 s

	shift
	rows manager >"$LAB/agents"
	for s in "$@"; do
		grep -qE "^row agent www\.$s\.test\.com .*state=$pattern" \
		    "$LAB/agents" || return 1
	done
}

# A snmpd that knows the manager by another passphrase.
start_with_wrong_user()
{
	local dir=$LAB/host/$1

	lab_stop "snmpd-$1"
	cp -a "$dir/persist/snmpd.conf" "$dir/persist.good"
	echo "createUser hopmgr SHA-256 another-one AES another-one" \
	    >"$dir/persist/snmpd.conf"
	farm_start_snmpd "$1"
}

# One whose view lacks all that the manager asks for.
start_with_wrong_view()
{
	local dir=$LAB/host/$1

	lab_stop "snmpd-$1"
	cp -a "$dir/etc/snmpd.conf" "$dir/etc.good"
	sed -i '/^view *hopPolled/d' "$dir/etc/snmpd.conf"
	echo "view hopPolled included .1.3.6.1.2.1.1" >>"$dir/etc/snmpd.conf"
	farm_start_snmpd "$1"
}

put_right()
{
	lab_stop snmpd-dc1
	lab_stop snmpd-dc2
	mv "$LAB/host/dc1/persist.good" "$LAB/host/dc1/persist/snmpd.conf"
	mv "$LAB/host/dc2/etc.good" "$LAB/host/dc2/etc/snmpd.conf"
	farm_start_snmpd dc1
	farm_start_snmpd dc2
}

load_of()
{
	rows "${2:-director}" | sed -n \
	    "s/^row server www\.$1\.test\.com service=www .* load=\([^ ]*\) .*/\1/p"
}

load_is()
{
	local load

	load=$(load_of "$1")
	[ "$load" != by-weight ] || load=10000
	echo "load of $1 is $load, wanted $2 $3"
	[ -n "$load" ] && test "$load" "$2" "$3"
}

# Every agent but one fails in a way of its own; sj1, which is nearly full,
# shows how a load without news ages.
test_agents()
{
	local before began hung

	lab_start fill client-sj "$LAB/bin/fill" 120 100 10.4.1.4 80 \
	    www.sj1-sj.test.com
	check "a server that fills gets few clients" \
	    lab_wait 10 load_is sj1 -le 2000
	note "the load of sj1 is $(load_of sj1)"
	lab_wait 10 agents_are up $FARM_SERVERS
	before=$(changes)
	# shellcheck disable=SC2086 # a list of sites
	clients_start $FARM_SITES
	sleep 0.5
	began=$(lab_now)
	lab_signal snmpd-ny1 STOP
	lab_signal snmpd-sj1 STOP
	hung=$(lab_now)
	lab_signal hoploadd-ny2 STOP
	lab_kill snmpd-la1
	lab_kill hoploadd-la2
	start_with_wrong_user dc1
	start_with_wrong_view dc2
	farm_start_snmpd la1
	farm_start_hoploadd la2
	check "a snmpd that hangs is told by its reason" lab_wait 8 \
	    agents_are 'down reason=agent-timeout' ny1 sj1
	note "after $(since "$began") ms"
	check "so is a load daemon that hangs" lab_wait 8 \
	    agents_are 'down reason=agent-(timeout|no-objects)' ny2
	check "a wrong user is told" \
	    lab_wait 8 agents_are 'down reason=agent-security' dc1
	check "a wrong view is told" \
	    lab_wait 8 agents_are 'down reason=agent-no-objects' dc2
	check "restarted ones answer again" lab_wait 15 agents_are up la1 la2
	restarted=$(since "$began")
	test_ageing "$hung"
	put_right
	lab_signal snmpd-ny1 CONT
	lab_signal snmpd-sj1 CONT
	lab_signal hoploadd-ny2 CONT
	began=$(lab_now)
	# shellcheck disable=SC2086 # a list of names
	check "all agents answer again" lab_wait 30 agents_are up $FARM_SERVERS
	began=$(since "$began")
	sleep 1.1 # a draw of each server
	clients_end
	row "snmpd hangs, hoploadd hangs, wrong user, wrong view: moved" \
	    $(($(changes) - before)) 0 ''
	row "snmpd and hoploadd restart: agent known again" \
	    "$restarted" 15000 ms
	row "all put right: agents known again" "$began" 30000 ms
	check "clients went on to be sent to all of them" still_sent
	row "a load without news: at its weight" "$aged" 45000 ms
}

# From the hang on: the load of a silent agent goes to the server's weight.
test_ageing()
{
	check "a load without news ages" lab_wait 30 load_is sj1 -ge 4000
	check "slowly" test "$(since "$1")" -ge 10000
	check "to the server's weight" lab_wait 25 load_is sj1 -ge 9999
	aged=$(since "$1")
}

still_sent()
{
	local s now

	now=$(lab_now)
	for s in ny1 ny2 la1 la2 dc1 dc2; do
		echo "$s: $((now - $(last_sent "www.$s"))) ms ago"
		[ $((now - $(last_sent "www.$s"))) -lt 5000 ] || return 1
	done
}

lab_begin nginx snmpd snmpwalk
farm_make
farm_start
# shellcheck disable=SC2086 # a list of sites
farm_ready $FARM_SITES
test_deaths
test_agents
lab_stop fill
row_table
exit $failed

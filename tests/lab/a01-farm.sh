#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The farm as clients, operators and management stations see it, and what they
# see when parts of it fail: one network for all these scenarios.
# lab: seconds=75

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-a01-farm
LAB_PREFIX=hop-a-
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"
. "$here/load.sh"

# Names of all places where N requests of a site's client were redirected.
targets()
{
	lab_run "client-$1" curl -s -m 5 --connect-timeout 2 -o /dev/null \
	    -w '%{http_code} %{redirect_url}\n' "http://www.test.com/?[1-$2]"
}

some_to()
{
	targets "$1" 40 | grep -q "^302 http://$2"
}

none_to()
{
	local all

	all=$(targets "$1" 40)
	[ "$(grep -c '^302 ' <<<"$all")" = 40 ] &&
	    ! grep -q "http://$2" <<<"$all"
}

manager_states()
{
	farm_snmp hopnms snmpwalk manager -OQvs hopManagerServerState
}

all_up()
{
	[ "$(manager_states | grep -c '^up$')" = 8 ]
}

state_changes()
{
	farm_snmp hopnms snmpwalk manager -OQvs hopManagerServerStateChanges |
	    paste -sd' '
}

# load_start SECONDS: 100 clients a second at the front end of ny.
load_start()
{
	rm -f "$LAB/log/load.log"
	lab_start load client-ny "$LAB/bin/load" "$1" 100 8 10.1.0.1 80 \
	    www.test.com "${FARM_CLIENT[ny]}" 198.18.1.1
}

load_ends_well()
{
	wait "$(lab_pid load)"
	no_request_failed
}

# check_load TEXT: the same as a result, with its figures.
check_load()
{
	check "$1" load_ends_well
	note "$(head -1 "$LAB/log/load.log")"
}

##############################################################################

test_clients()
{
	local s

	for s in $FARM_SITES; do
		check "a client at $s is sent to a server near it" \
		    some_to "$s" "www.$s"
	done
	check "curl follows the redirect to the server's page" \
	    follows client-ny curl -sL http://www.test.com/a?b=c
	check "wget follows it too" \
	    follows client-ny wget -qO- http://www.test.com/a?b=c
	check "path and query arrive as they were sent" \
	    grep -q 'for /a?b=c' "$LAB/follows.out"
}

follows()
{
	lab_run "$@" | tee "$LAB/follows.out"
	grep -q '^This is www' "$LAB/follows.out"
}

oids_and_types()
{
	grep -v ' = No more' | sed -n 's/^\(\.1\.[0-9.]*\) = \([A-Za-z0-9-]*\).*/\1 \2/p'
}

# What a walk shows is what single GETs show: same objects, same types.
walk_is_gets()
{
	local host=$1

	farm_snmp hopnms snmpbulkwalk "$host" -On hopscotchMIB |
	    oids_and_types >"$LAB/walk" || return
	cut -d' ' -f1 "$LAB/walk" | xargs -n 40 | while read -r oids; do
		# shellcheck disable=SC2086 # a list of OIDs
		farm_snmp hopnms snmpget "$host" -On $oids
	done | oids_and_types >"$LAB/gets"
	wc -l <"$LAB/walk"
	[ "$(wc -l <"$LAB/walk")" -ge "$2" ] && diff "$LAB/walk" "$LAB/gets"
}

refused()
{
	local out

	out=$("$@" 2>&1)
	echo "$out"
	grep -qiE 'noAccess|authorizationError|Timeout|notWritable|Unknown user name|Authentication failure' <<<"$out"
}

v2c()
{
	lab_run nms env SNMPCONFPATH=/nonexistent snmpget -v2c -c public \
	    -t 0.5 -r 0 -M "$LAB/mibs" "$(farm_address manager)" \
	    .1.3.6.1.2.1.1.3.0
}

test_walk()
{
	local h row

	for h in ny1 manager director front-ny; do
		check "snmpwalk of $h shows what GETs show" walk_is_gets $h 15
	done
	row=$(admin_row www.ny1.test.com)
	check "the NMS user can not SET" refused farm_snmp hopnms snmpset \
	    manager "hopManagerAdminState$row" = draining
	check "nor can the manager's user" refused farm_snmp hopmgr snmpset \
	    manager "hopManagerAdminState$row" = draining
	check "an unknown user is refused" wrong_user
	check "a community gets no answer" refused v2c
	check "a value out of range is refused" \
	    wrong_value "hopManagerAdminState$row"
}

wrong_value()
{
	! farm_snmp hopoper snmpset manager "$1" i 7
}

wrong_user()
{
	local -A FARM_PASS=([stranger]=whoever12)

	refused farm_snmp stranger snmpget manager hopManagerVersion.0
}

admin_row()
{
	farm_snmp hopoper snmpwalk manager -OQs hopManagerAdminName |
	    sed -n "s/^hopManagerAdminName\\(\\.[^ ]*\\) = \"*$1\"*\$/\\1/p"
}

admin_set()
{
	farm_snmp hopoper snmpset manager \
	    "hopManagerAdminState$(admin_row "$1")" = "$2"
}

test_drain()
{
	check "hopctl drains a server" farm_hopctl drain \
	    server www.ny1.test.com --reason "lab"
	check_within "no client is sent there within 5 s" none_to ny www.ny1
	check "a drain survives the manager" drain_survives
	check "hopctl undrains it" farm_hopctl undrain server www.ny1.test.com
	check "clients are sent there again" lab_wait 10 some_to ny www.ny1
	check "snmpset by the operator drains a server" \
	    admin_set www.ny2.test.com draining
	check_within "no client is sent there within 5 s of snmpset" \
	    none_to ny www.ny2
	check "snmpset enables it" admin_set www.ny2.test.com enabled
	check "clients are sent there again after snmpset" \
	    lab_wait 10 some_to ny www.ny2
	check "hopctl drains a whole site" farm_hopctl drain site ny
	check "clients of the site go to the next one" \
	    lab_wait 5 none_to ny 'www.ny'
	check "hopctl undrains the site" farm_hopctl undrain site ny
	check "they come home again" lab_wait 10 some_to ny www.ny
}

# check_within TEXT COMMAND...: in 5 s, with the time it took.
check_within()
{
	local text=$1 begin

	shift
	begin=$(lab_now)
	check "$text" lab_wait 5 "$@"
	note "it took $(($(lab_now) - begin)) ms"
}

is_draining()
{
	[ "$(manager_states | grep -c '^draining$')" = 1 ]
}

drain_survives()
{
	lab_kill manager
	farm_start_manager
	lab_wait 15 is_draining && none_to ny www.ny1
}

test_fill()
{
	lab_start fill client-dc "$LAB/bin/fill" 60 300 10.3.1.3 80 \
	    www.dc1-dc.test.com
	check "a server full of connections gets no more clients" \
	    lab_wait 12 none_to dc www.dc1
	lab_stop fill
	check "it gets clients again when they are gone" \
	    lab_wait 10 some_to dc www.dc1
}

test_snmpd_hangs()
{
	local before

	before=$(alone)
	load_start 5
	lab_signal snmpd-director STOP
	lab_signal snmpd-front-ny STOP
	check_load "clients notice nothing of a hung snmpd"
	check "their answers come from the director all the while" \
	    test "$(alone)" = "$before"
	lab_signal snmpd-director CONT
	lab_signal snmpd-front-ny CONT
	check "the director's objects are back after the hang" \
	    lab_wait 15 walk_is_gets director 15
}

# How often the front end had to do without the director.
alone()
{
	farm_hopctl status service --daemon front-ny --json |
	    awk -F'[:,]' '/"(last|static)":/ { n += $2 } END { print n + 0 }'
}

test_snmpd_restarts()
{
	local h before after

	before=$(state_changes)
	load_start 8
	for h in $FARM_SERVERS; do
		lab_stop "snmpd-$h"
	done
	for h in $FARM_SERVERS; do
		farm_start_snmpd "$h"
	done
	check_load "restart of all snmpds fails no request"
	after=$(state_changes)
	check "restart of all snmpds takes nobody down" \
	    test "$before" = "$after"
	check "the load daemons' objects are back" \
	    lab_wait 10 walk_is_gets ny1 15
}

test_kills()
{
	local h

	load_start 18
	lab_kill manager
	sleep 2
	farm_start_manager
	lab_kill director
	sleep 3
	farm_start_director
	sleep 2
	for h in ny1 ny2 manager director; do
		lab_kill "snmpd-$h"
	done
	sleep 2
	for h in ny1 ny2 manager director; do
		farm_start_snmpd $h
	done
	lab_kill hoploadd-ny1
	sleep 3
	farm_start_hoploadd ny1
	check_load "kill -9 of manager, director, snmpd, hoploadd in turn: no \
failed request"
	check "all servers are up after it" lab_wait 15 all_up
	check "and clients are sent to the restarted ones" \
	    lab_wait 10 some_to ny www.ny1
}

test_service_dies()
{
	local killed late

	load_start 8
	lab_wait 3 test -s "$LAB/pid/load"
	sleep 1
	killed=$(lab_now)
	for_program ny1 nginx KILL
	check_load "death of a service fails no request"
	late=$(($(last_sent www.ny1) - killed))
	note "the last client was sent there $late ms after its death"
	check "no client is sent there 5 s after its death" \
	    test $late -le 5000
	check "clients had been sent there before" \
	    test "$(last_sent www.ny1)" -gt 0
	farm_start_nginx ny1
	check "it gets clients again when it is back" \
	    lab_wait 15 some_to ny www.ny1
}

lab_begin nginx snmpd snmpwalk curl wget
farm_make
farm_start
check "the manager finds all servers up" lab_wait 20 all_up
check "the front end redirects" lab_wait 10 some_to ny www.
test_clients
test_walk
test_drain
test_fill
test_snmpd_hangs
test_snmpd_restarts
test_kills
test_service_dies
exit $failed

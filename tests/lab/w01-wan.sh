#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Measured paths: clients outside, borders with hoppingd, and the emulated
# network between them, whose delays change while clients come.
# lab: seconds=95 slots=2

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-w01-wan
LAB_PREFIX=hop-w-
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"

# sent CLIENT N [OPTION...]: where N requests are redirected to, a name a line.
sent()
{
	local client=$1 n=$2

	shift 2
	lab_run "$client" curl -s -m 10 -o /dev/null "$@" \
	    -w '%{http_code} %{redirect_url}\n' "http://www.test.com/?[1-$n]" |
	    sed 's|http://||; s|/.*||'
}

# all_sent PATTERN CLIENT [OPTION...]: each of 20 went to such a name.
all_sent()
{
	local pattern=$1

	shift
	sent "$1" 20 "${@:2}" | tee "$LAB/sent"
	[ "$(grep -cE "^302 $pattern" "$LAB/sent")" = 20 ]
}

# A client that has not asked before, in the network near a site.
FRESH=10
fresh_to()
{
	FRESH=$((FRESH + 1))
	all_sent "$1" "client-$2" -4 --interface "${FARM_NET[$2]}.$FRESH"
}

# pinged CLIENT BORDER: the director's round trip time between them, in us.
pinged()
{
	farm_status_lines "$1" | awk -v b="$2" '
	$1 == "border" && $2 == b { print $5 }'
}

# The explanation as it travels.
farm_status_lines()
{
	until=explained tell director "explain www ny $1"
}

# measured CLIENT RTT...: about what the emulator says, from all borders.
measured()
{
	local client=$1 s got

	shift
	for s in $FARM_SITES; do
		got=$(pinged "$client" "$s")
		echo "$client from $s: $got us, meant $1 ms"
		[[ $got =~ ^[0-9]+$ ]] || return 1
		[ $((got - $1 * 1000)) -lt 2500 ] &&
		    [ $((got - $1 * 1000)) -gt -100 ] || return 1
		shift
	done
}

# The same for the client of a site, who asks now and then: who does not is
# not measured.
asked_and_measured()
{
	sent "client-$1" 3 -4 >/dev/null
	measured "${FARM_CLIENT[$1]}" "${@:2}"
}

unmeasured()
{
	[ "$(pinged "$1" "$2")" = - ]
}

# within MS TEXT COMMAND...: the time it took is shown.
within()
{
	local limit=$1 text=$2 begin

	shift 2
	begin=$(lab_now)
	check "$text" lab_wait "$(((limit + 999) / 1000))" "$@"
	note "it took $(($(lab_now) - begin)) ms"
}

##############################################################################

all_up()
{
	[ "$(farm_snmp hopnms snmpwalk manager -OQvs hopManagerServerState |
	    grep -c '^up$')" = 8 ]
}

test_measured()
{
	local s

	for s in $FARM_SITES; do
		# shellcheck disable=SC2086 # a list of times
		check "the network near $s is measured from every border" \
		    lab_wait 20 asked_and_measured "$s" ${FARM_RTT[$s]}
	done
	check "clients near ny go to ny, out through it" \
	    all_sent 'www.ny.-ny' client-ny -4
	check "clients near la go there" all_sent 'www.la.-la' client-la -4
	check "clients near dc go there" all_sent 'www.dc.-dc' client-dc -4
	check "clients near sj go there" all_sent 'www.sj.-sj' client-sj -4
	check "a client far from its contact is sent to its own place" \
	    lab_wait 10 fresh_from_afar
	sent client-la 3 -6 >/dev/null
	# shellcheck disable=SC2086 # a list of times
	check "a client with IPv6 is measured too" \
	    lab_wait 20 measured 2001:db8:c2::10 ${FARM_RTT[la]}
	check "and sent to a server near it" all_sent 'www.la.-la' client-la -6
	check "the page of the alias is there, by IPv6" \
	    page client-la -6 'www.la'
}

# One more service, whose first clients wait until their paths are measured.
add_held()
{
	local h

	{
		echo '<service id="held" protocol="http" host="held.test.com"'
		echo '    policy="balanced" wait="600ms">'
		for h in $FARM_SERVERS; do
			echo "  <use server=\"www.$h.test.com\"/>"
		done
		echo '</service>'
	} >"$LAB/etc/held"
	sed -i "/<\/service>/r $LAB/etc/held" "$LAB/etc/hopscotch.xml"
}

# Networks that nobody came from before: what a first client has to wait for is
# one round trip to it, 1.5 to the farthest border, and 200 ms of work.
test_first()
{
	local a took=()

	check "nobody knows the first client" unmeasured 100.64.14.1 sj
	for a in 100.64.14.1 100.64.24.1 100.64.34.1; do
		took+=("$(first_measured $a)")
	done
	note "its round trips were at the director after ${took[*]} ms"
	check "a first client is measured within 71 + 180 + 200 ms" \
	    test "$(printf '%s\n' "${took[@]}" | sort -n | sed -n 2p)" -le 451
	check "and of a service that waits, its first answer is by them" \
	    held_to 'www.(sj|la)' 100.64.44.1
}

# From its first answer to all of its round trips, in ms.
first_measured()
{
	local begin looked

	sent client-sj 1 -4 --interface "$1" \
	    --resolve www.test.com:80:10.1.0.1 >/dev/null
	begin=$(lab_now)
	while :; do
		looked=$(lab_now)
		if measured_all "$1" || [ $((looked - begin)) -gt 5000 ]; then
			break
		fi
	done
	echo $((looked - begin))
}

measured_all()
{
	[ "$(farm_status_lines "$1" | awk '$1 == "border" &&
	    $5 ~ /^[0-9]+$/ && $5 < 9999999' | wc -l)" = 4 ]
}

held_to()
{
	lab_run client-sj curl -s -m 10 -o /dev/null --interface "$2" \
	    --resolve held.test.com:80:10.1.0.1 \
	    -w '%{http_code} %{redirect_url} %{time_total}\n' \
	    http://held.test.com/ | tee /dev/stderr | grep -qE "^302 http://$1"
}

# Front end of ny, client near sj.
fresh_from_afar()
{
	fresh_sj=203.0.113.17
	all_sent 'www.(sj|la).-(sj|la)' client-sj -4 --interface $fresh_sj \
	    --resolve www.test.com:80:10.1.0.1
}

page()
{
	lab_run "$1" curl -s -m 10 -L "$2" http://www.test.com/x |
	    tee /dev/stderr | grep -q "^This is $3"
}

# The alias is the way back: the round trip shows through which border.
exit_is()
{
	local got

	got=$(lab_run client-ny curl -s -m 10 -o /dev/null \
	    -w '%{time_connect}' "http://$1/" | awk '{ printf "%d", $1 * 1000 }')
	echo "$1: $got ms, meant $2"
	[ "$got" -ge "$2" ] && [ "$got" -le $(($2 + 12)) ]
}

test_exits()
{
	# Once for the addresses of neighbours, once for the time.
	exit_is www.ny1-la.test.com 0 >/dev/null
	check "the alias of ny1 at ny is reached in 12 ms" \
	    exit_is www.ny1-ny.test.com 12
	check "that at la in 74 ms outside and 120 ms inside" \
	    exit_is www.ny1-la.test.com 194
}

others_stay()
{
	all_sent 'www.ny.-ny' client-ny -4 &&
	    all_sent 'www.la.-la' client-la -4 &&
	    all_sent 'www.sj.-sj' client-sj -4
}

test_delay()
{
	wan_set dc net-dc delay=60ms both=yes
	within 60000 "a path gets slower: the network's clients move" \
	    all_sent 'www.ny.-ny' client-dc -4
	check "so does one that comes for the first time" \
	    fresh_to 'www.ny.-ny' dc
	check "nobody else's do" others_stay
	wan_set dc net-dc delay=4.5ms both=yes
	within 60000 "it gets faster again: they come back" \
	    all_sent 'www.dc.-dc' client-dc -4
	check "so does one that comes for the first time now" \
	    fresh_to 'www.dc.-dc' dc
	check "nobody else's have moved" others_stay
}

test_noise()
{
	wan_set la net-la jitter=1ms both=yes
	for _ in 1 2 3 4 5; do
		sleep 2
		sent client-la 20 -4
	done >"$LAB/noise"
	check "noise on a path moves nobody" \
	    test "$(grep -cv '^302 www.la.-la' "$LAB/noise")" = 0
	wan_set la net-la jitter=0ms both=yes
}

test_silent()
{
	check "a client that answers no ping is served near its contact" \
	    all_sent 'www.dc.-dc' quiet-dc -4
	sleep 5
	check "still so when pings were tried" \
	    all_sent 'www.dc.-dc' quiet-dc -4
	check "and so is one that may not be pinged" \
	    all_sent 'www.la.-la' client-la -4 --interface 198.18.2.1
}

test_prober()
{
	lab_kill hoppingd-dc
	check "a prober is killed: all clients are served all the same" \
	    all_sent 'www' client-dc -4
	sleep 6
	check "and some seconds later" all_sent 'www' client-dc -4
	check "nobody else's move" others_stay
	farm_start_prober dc
	# shellcheck disable=SC2086 # a list of times
	check "it starts again and measures again" \
	    lab_wait 60 asked_and_measured dc ${FARM_RTT[dc]}
}

# When the last client was sent out by a border, in ms since 1970; 0: never.
last_out()
{
	awk -v s="-$1[.]" '$1 == "to" && $2 ~ s && $5 > t { t = $5 }
	    END { printf "%.0f\n", t }' "$LAB/log/load.log"
}

border_state()
{
	farm_status_lines 192.0.2.10 |
	    awk -v b="$1" '$1 == "border" && $2 == b { print $3 }'
}

border_is()
{
	[ "$(border_state "$1")" = "$2" ]
}

# Clients near dc whose requests reach the front end of ny: they would leave
# by dc.
test_uplink()
{
	local killed late

	lab_start load client-dc "$LAB/bin/load" 10 50 8 10.1.0.1 80 \
	    www.test.com "${FARM_CLIENT[dc]}" 192.0.2.18
	sleep 2
	killed=$(lab_now)
	wan_set dc '*' loss=100% both=yes
	within 5000 "an uplink dies: its border is down within 5 s" \
	    border_is dc down
	wait "$(lab_pid load)"
	late=$(($(last_out dc) - killed))
	note "the last client was sent out by it $late ms after its death"
	check "clients had been sent out by it before" test "$(last_out dc)" -gt 0
	check "no client is sent out by it after 5 s" test $late -le 5000
	check "no request failed" grep -q ' failed 0 ' "$LAB/log/load.log"
	check "servers behind it are reached through other borders" \
	    some_behind_dc
	wan_set dc '*' loss=0% both=yes
	within 60000 "it works again: its border is up" border_is dc up
	within 60000 "and clients leave by it again" \
	    all_sent 'www.dc.-dc' client-dc -4
}

# Its servers are not lost: with all others drained, they serve.
some_behind_dc()
{
	local s status

	for s in ny la sj; do
		farm_hopctl drain site $s --reason lab
	done
	lab_wait 5 all_sent 'www.dc.-(ny|la|sj)' client-ny -4
	status=$?
	for s in ny la sj; do
		farm_hopctl undrain site $s
	done
	return $status
}

walked_journal()
{
	farm_snmp hopnms snmpbulkwalk border-la -OQs \
	    hopProbeJournalRttMedian >"$LAB/journal"
	tail -3 "$LAB/journal"
	[ "$(grep -c ' = [1-9]' "$LAB/journal")" -ge 4 ]
}

# The emulator's own stamps: how late frames left.
test_emulator()
{
	local stamps late

	stamps=$(wan_stamps)
	late=$(awk '$3 != "lost" { print int(($3 - $2) / 1000) }' "$stamps" |
	    sort -n | awk '{ a[NR] = $1 }
	    END { print NR, a[int(NR * .5)], a[int(NR * .9)], a[int(NR * .99)] }')
	note "emulator: packets, and lateness in us, p50 p90 p99: $late"
	# shellcheck disable=SC2086 # four numbers
	set -- $late 0 0 0 0
	check "nine of ten pings leave the emulator within 100 us of their time" \
	    test "$1" -gt 100 -a "$3" -le 100
}

lab_begin nginx snmpd snmpwalk curl
farm_make
add_held
farm_start
check "the manager finds all servers up" lab_wait 20 all_up
check "the front ends redirect" lab_wait 20 all_sent 'www.' client-ny -4
test_measured
test_exits
check "the journal is read by plain snmpbulkwalk" walked_journal
test_first
test_silent
test_delay
test_noise
test_prober
test_uplink
test_emulator
exit $failed

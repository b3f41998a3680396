#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A tour of HOPSCOTCH on this machine: four sites in network namespaces, real
# snmpd, nginx and clients, and a network with delays between them. Stays up
# until Ctrl-C. DEMO_ONCE=1: ends by itself, with exit status 0 only if each
# step was seen to work.
# lab: seconds=85

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=demo
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"

if [ -t 1 ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
	bold='' green='' red='' dim='' plain=''
fi
steps=0
unseen=0

step()
{
	steps=$((steps + 1))
	printf '\n%s%d. %s%s\n' "$bold" $steps "$1" "$plain"
}

say()
{
	printf '   %s\n' "$@"
}

# A command as one would type it.
typed()
{
	printf '   %s$ %s%s\n' "$dim" "$*" "$plain"
}

indent()
{
	sed 's/^/     /'
}

# seen TEXT COMMAND...: what this step claims, checked.
seen()
{
	local text=$1

	shift
	if "$@" >/dev/null 2>&1; then
		printf '   %sok%s  %s\n' "$green" "$plain" "$text"
	else
		printf '   %sNOT SEEN%s  %s\n' "$red" "$plain" "$text"
		unseen=$((unseen + 1))
	fi
}

# Requests of the measured client of a site, one `curl` with keep-alive:
# where the front end sent each of them, "COUNT NAME" a line.
sent()
{
	lab_run "client-$1" curl -4 -s -m 10 --connect-timeout 2 -o /dev/null \
	    -w '%{redirect_url}\n' "http://www.test.com/?[1-$2]" |
	    sed 's|.*//||; s|/.*||' | sort | uniq -c
}

# The same as a small bar chart.
bars()
{
	awk '{
		bar = ""
		for (i = 0; i < $1; i++)
			bar = bar "#"
		printf "     %-22s %4d  %s\n", $2, $1, bar
	}'
}

# count PATTERN: how many of the requests on stdin went to such names.
count()
{
	awk -v p="$1" '$2 ~ p { n += $1 } END { print n + 0 }'
}

none_to()
{
	[ "$(sent "$1" 40 | count "$2")" = 0 ]
}

some_to()
{
	[ "$(sent "$1" 40 | count "$2")" -gt 0 ]
}

servers_up()
{
	[ "$(farm_hopctl status server --daemon manager --json | jq_up)" = 8 ]
}

# Servers in state up, from the status of the manager.
jq_up()
{
	grep -c '"state": *"up"'
}

is_overloaded()
{
	farm_hopctl explain --contact dc --rtt 9000 --why-not "$1" \
	    192.0.2.10 | grep -q overloaded
}

hopctl()
{
	typed "hopctl $*"
	farm_hopctl "$@" 2>&1 | indent
}

##############################################################################

show_start()
{
	printf '%sHOPSCOTCH: the best server, through the best exit%s\n' \
	    "$bold" "$plain"
	cat <<-'END'

	  net-ny   net-la   net-dc   net-sj       clients, one network near
	     \        |        |        /          each site: pings, HTTP
	    ==================================    outside, emulated delays
	       |        |        |        |
	   border-ny border-la border-dc border-sj    hoppingd, snmpd
	   front-ny  front-la  front-dc  front-sj     redirects
	   ny1 ny2   la1 la2   dc1 dc2   sj1 sj2      nginx, hoploadd, snmpd
	       |        |        |        |
	    ==================================    inside, emulated delays
	            manager --> director          loads, states, paths

	END
	say "Every host is a network namespace on a network of its own; the" \
	    "network of this machine is not touched."
	step "Starting 8 content servers, 4 borders, 4 front ends, manager and director"
	local begin
	begin=$(lab_now)
	farm_make
	farm_start
	seen "the manager reaches every snmpd, all 8 servers are up" \
	    lab_wait 20 servers_up
	seen "the front ends redirect" lab_wait 10 some_to ny test.com
	say "took $((($(lab_now) - begin + 500) / 1000)) s"
}

show_status()
{
	step "What the system knows"
	hopctl status server --daemon director
}

show_clients()
{
	local s

	step "Clients at four places ask for http://www.test.com/, 40 times each"
	for s in $FARM_SITES; do
		say "client ${FARM_CLIENT[$s]}, whose requests reach $s:"
		sent "$s" 40 >"$LAB/sent-$s"
		bars <"$LAB/sent-$s"
		seen "all 40 were redirected" \
		    test "$(count test.com <"$LAB/sent-$s")" = 40
	done
	say "A name reads www.<server>-<exit>: www.sj1-la is a server at sj whose" \
	    "answers leave through la. It has an address for each exit, so the" \
	    "choice of the address is the choice of the way back."
}

# pinged CLIENT BORDER: their round trip time as the director has it, in us.
pinged()
{
	until=explained tell director "explain www ny $1" |
	    awk -v b="$2" '$1 == "border" && $2 == b { print $5 }'
}

# about SITE BORDER MS: its client, who asks now and then, was measured right.
about()
{
	local got

	sent "$1" 1 >/dev/null
	got=$(pinged "${FARM_CLIENT[$1]}" "$2")
	[[ $got =~ ^[0-9]+$ ]] && [ $((got - $3 * 1000)) -lt 2500 ] &&
	    [ $((got - $3 * 1000)) -gt -100 ]
}

show_paths()
{
	local s t i b

	step "Who is near whom is measured: the borders ping the clients"
	say "round trips that the network was given, in ms:" \
	    "          border-ny  border-la  border-dc  border-sj"
	for s in $FARM_SITES; do
		# shellcheck disable=SC2086 # a list of times
		printf '   net-%-4s%8s %10s %10s %10s\n' "$s" ${FARM_RTT[$s]}
	done
	for s in $FARM_SITES; do
		i=0
		read -r -a t <<<"${FARM_RTT[$s]}"
		for b in $FARM_SITES; do
			lab_wait 20 about "$s" "$b" "${t[$i]}" || break
			i=$((i + 1))
		done
		seen "hoppingd at the four borders measured net-$s so" \
		    test $i = 4
	done
	echo
	say "Why la? The director explains any decision:"
	hopctl explain --contact la 128.9.192.44
	say "A client near sj whose request reached ny:"
	seen "is sent to the other coast" lab_wait 10 from_afar
	bars <"$LAB/sent-afar"
}

# All of a client near sj, at the front end of ny.
from_afar()
{
	lab_run client-sj curl -4 -s -m 10 -o /dev/null -w '%{redirect_url}\n' \
	    --interface 203.0.113.17 --resolve www.test.com:80:10.1.0.1 \
	    "http://www.test.com/?[1-10]" | sed 's|.*//||; s|/.*||' | sort |
	    uniq -c >"$LAB/sent-afar"
	[ "$(count '^www.(sj|la)' <"$LAB/sent-afar")" = 10 ]
}

all_to()
{
	[ "$(sent "$1" 20 | count "$2")" = 20 ]
}

# timed LIMIT TEXT COMMAND...: seen within LIMIT seconds; how long it took.
timed()
{
	local limit=$1 text=$2 begin

	shift 2
	begin=$(lab_now)
	seen "$text" lab_wait "$limit" "$@"
	say "    after $((($(lab_now) - begin) / 1000)).$((($(lab_now) - begin) / 100 % 10)) s"
}

others_stay()
{
	all_to ny '^www.ny' && all_to la '^www.la' && all_to sj '^www.sj'
}

show_slow()
{
	step "The path between dc and the clients near it gets slower: 120 ms"
	typed "wan tell outside.wan 'set dc net-dc delay=60ms both=yes'"
	wan_set dc net-dc delay=60ms both=yes
	timed 60 "new clients of that network go to ny" all_to dc '^www.ny'
	sent dc 40 | bars
	seen "and nobody else moved" others_stay
	wan_set dc net-dc delay=4.5ms both=yes
	timed 60 "fast again: they come back" all_to dc '^www.dc'
}

show_silent()
{
	step "A client that answers no ping, and a prober that dies"
	sent_by quiet-dc | bars
	seen "the silent one is served near its contact, dc" \
	    test "$(sent_by quiet-dc | count '^www.dc')" = 20
	typed "kill -9 hoppingd of border-la"
	lab_kill hoppingd-la
	seen "clients near la are served all the same" all_to la '^www'
	farm_start_prober la
}

sent_by()
{
	lab_run "$1" curl -s -m 10 -o /dev/null -w '%{redirect_url}\n' \
	    "http://www.test.com/?[1-20]" | sed 's|.*//||; s|/.*||' | sort |
	    uniq -c
}

show_uplink()
{
	local killed late

	step "The uplink of border dc dies while its clients ask at ny"
	lab_start uplink client-dc "$LAB/bin/load" 9 50 8 10.1.0.1 80 \
	    www.test.com "${FARM_CLIENT[dc]}"
	sleep 2
	typed "wan tell outside.wan 'set dc * loss=100% both=yes'"
	killed=$(lab_now)
	wan_set dc '*' loss=100% both=yes
	wait "$(lab_pid uplink)"
	indent <"$LAB/log/uplink.log"
	late=$(awk '$1 == "to" && $2 ~ /-dc[.]/ && $5 > t { t = $5 }
	    END { printf "%.0f\n", t }' "$LAB/log/uplink.log")
	say "the last client was sent out by dc $((late - killed)) ms after that"
	seen "no client was sent out by it later than 5 s" \
	    test $((late - killed)) -le 5000
	seen "no request failed" grep -q ' failed 0 ' "$LAB/log/uplink.log"
	wan_set dc '*' loss=0% both=yes
	timed 60 "it works again, and is used" all_to dc '^www.dc.*-dc'
}

show_redirect()
{
	step "One redirect in full"
	typed "curl -v -L http://www.test.com/news?id=1   (at client-la)"
	lab_run client-la curl -sS -v -L 'http://www.test.com/news?id=1' \
	    >"$LAB/curl.out" 2>&1
	grep -E '^[<>]|^[^*{}]' "$LAB/curl.out" | tr -d '\r' | indent
	seen "302, and the page of the server it names" \
	    grep -q '^This is www' "$LAB/curl.out"
}

show_fill()
{
	local before after

	step "One server fills up with connections"
	before=$(sent dc 40)
	say "before:"
	bars <<<"$before"
	say "300 browsers connect to www.dc1 and stay; its limit is 200."
	lab_start fill client-dc "$LAB/bin/fill" 120 300 10.3.1.3 80 \
	    www.dc1-dc.test.com
	seen "the manager sees that it is overloaded" \
	    lab_wait 12 is_overloaded www.dc1.test.com
	after=$(sent dc 40)
	say "with 300 connections open:"
	bars <<<"$after"
	seen "all traffic has moved away" \
	    test "$(count '^www.dc1' <<<"$after")" = 0
	hopctl explain --contact dc --rtt 9000 --why-not www.dc1.test.com \
	    192.0.2.10
	lab_stop fill
	seen "they close, and it gets clients again" \
	    lab_wait 15 some_to dc '^www.dc1'
}

show_kill()
{
	local killed last late

	step "A server dies while 100 clients a second ask"
	lab_start load client-ny "$LAB/bin/load" 9 100 8 10.1.0.1 80 \
	    www.test.com "${FARM_CLIENT[ny]}"
	sleep 2
	say "nginx of www.ny1 is killed (kill -9)."
	killed=$(lab_now)
	for_program ny1 nginx KILL
	wait "$(lab_pid load)"
	indent <"$LAB/log/load.log"
	last=$(awk '$1 == "to" && $2 ~ /^www.ny1/ { if ($5 > t) t = $5 }
	    END { printf "%.0f\n", t }' "$LAB/log/load.log")
	late=$((last - killed))
	say "the last client was sent to www.ny1 $late ms after its death"
	seen "no client was sent there later than 5 s" test $late -le 5000
	seen "no request failed" grep -q ' failed 0 ' "$LAB/log/load.log"
	farm_start_nginx ny1
	seen "it comes back, and gets clients again" \
	    lab_wait 15 some_to ny '^www.ny1'
}

admin_row()
{
	farm_snmp hopoper snmpwalk manager -OQs hopManagerAdminName |
	    sed -n "s/^hopManagerAdminName\\(\\.[^ ]*\\) = \"*$1\"*\$/\\1/p"
}

show_drain()
{
	local row

	step "An operator takes a server out: by hopctl, then by SNMP"
	hopctl drain server www.ny2.test.com --reason "new disk"
	seen "no new clients at www.ny2 within 5 s" \
	    lab_wait 5 none_to ny '^www.ny2'
	hopctl undrain server www.ny2.test.com
	seen "clients again" lab_wait 15 some_to ny '^www.ny2'
	row=$(admin_row www.la1.test.com)
	typed "snmpset -u hopoper manager hopManagerAdminState$row = draining"
	farm_snmp hopoper snmpset manager "hopManagerAdminState$row" = \
	    draining 2>&1 | indent
	seen "no new clients at www.la1 within 5 s" \
	    lab_wait 5 none_to la '^www.la1'
	farm_snmp hopoper snmpset manager "hopManagerAdminState$row" = \
	    enabled >/dev/null 2>&1
	seen "clients again" lab_wait 15 some_to la '^www.la1'
}

walked_up()
{
	walk=$(farm_snmp hopnms snmpwalk manager -OQs hopManagerServerState)
	[ "$(grep -c '= up' <<<"$walk")" = 8 ]
}

show_walk()
{
	local walk

	step "Any SNMP manager can watch"
	typed "snmpwalk -u hopnms ... manager hopManagerServerState"
	lab_wait 3 walked_up # values are up to a second old
	indent <<<"$walk"
	seen "8 servers are up" walked_up
	typed "snmpwalk -u hopnms ... ny1 hopLoad   (a content server)"
	farm_snmp hopnms snmpwalk ny1 -Oqs hopLoad | head -20 | indent
}

show_more()
{
	local nms="ip netns exec ${LAB_PREFIX}nms"
	local ctl="$LAB_TOP/build/release/hopctl"
	local secret="-A ${FARM_PASS[hopnms]} -x AES -X ${FARM_PASS[hopnms]}"

	step "Try it yourself (as root, in another terminal)"
	cat <<-END
	   $nms snmpwalk -v3 -l authPriv -u hopnms -a SHA-256 $secret \\
	       -M $LAB/mibs -m HOPSCOTCH-MIB manager hopManagerServerTable
	   $nms snmptable manager hopManagerServerTable     (arguments: its snmp.conf)
	   ip netns exec ${LAB_PREFIX}client-la curl -v -L http://www.test.com/
	   tail -f $LAB/log/access-la.log
	   $ctl status -f $LAB/etc/hopscotch.xml
	   tail -f $LAB/log/stamps   (each echo, in ns)
	   $LAB/bin/wan tell $LAB/run/outside.wan 'set la net-la delay=90ms both=yes'
	   $ctl top -f $LAB/etc/hopscotch.xml
	   $ctl explain -f $LAB/etc/hopscotch.xml --contact la 128.9.192.44
	   $ctl drain -f $LAB/etc/hopscotch.xml server www.sj1.test.com
	END
}

lab_begin nginx snmpd snmpwalk curl
show_start
show_status
show_clients
show_paths
show_slow
show_silent
show_uplink
show_redirect
show_fill
show_kill
show_drain
show_walk
show_more
echo
if [ -n "${DEMO_ONCE:-}" ]; then
	[ $unseen = 0 ] && echo "ok demo: each step was seen to work" ||
	    echo "not ok demo: $unseen not seen"
	[ $unseen = 0 ]
	exit
fi
printf '%sIt stays up. Ctrl-C ends it and removes everything.%s\n' \
    "$bold" "$plain"
trap 'exit 0' INT
while :; do
	sleep 1000 9>&- &
	wait $!
done

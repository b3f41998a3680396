#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What an operator sees of a farm that works and of one with mistakes: top,
# doctor, zone, drain --wait, reload, on real hosts.
# lab: seconds=60

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-c01-operator
LAB_PREFIX=hop-c-
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"

has()
{
	grep -qE -- "$2" "$1"
}

all_up()
{
	farm_hopctl top --once >"$LAB/log/top.txt" 2>&1
	has "$LAB/log/top.txt" 'servers: 8 up'
}

# hopctl doctor on a host of the farm; what it says goes to doctor-HOST.txt.
doctor()
{
	lab_run "$1" "$LAB/bin/hopctl" doctor -f "$LAB/etc/hopscotch.xml" \
	    >"$LAB/log/doctor-$1.txt" 2>&1
}

diagnosed()
{
	doctor "$1"
	has "$LAB/log/doctor-$1.txt" "$2"
}

# top on a terminal of its own, in the background: "top-tty", fed by a FIFO.
start_terminal()
{
	mkfifo "$LAB/keys"
	script -qec "stty cols 100 rows 24; '$LAB/bin/hopctl' top \
	    -f '$LAB/etc/hopscotch.xml'; stty -a" "$LAB/log/tty.txt" \
	    <"$LAB/keys" >/dev/null 2>&1 9>&- &
	terminal=$!
	exec 8>"$LAB/keys"
}

busy()
{
	farm_hopctl top --once >"$LAB/log/top-busy.txt" 2>&1
	has "$LAB/log/top-busy.txt" '^[1-9][0-9.]* requests/s +[1-9]' &&
	    has "$LAB/log/top-busy.txt" 'www.ny[12].* [1-9][0-9.]* +[0-9.]+%'
}

holds()
{
	[ "$(farm_hopctl status server --daemon manager --json |
	    grep -c '"connections": 30')" = 1 ]
}

lab_begin snmpd nginx curl script
farm_make
farm_start

check "top shows all servers up" lab_wait 25 all_up
lab_start load client-ny "$LAB/bin/load" 40 40 4 10.1.0.1 80 www.test.com \
    "${FARM_CLIENT[ny]}"
check "top shows what clients do" lab_wait 10 busy

# A terminal: pictures without clearing, keys, and everything given back.
start_terminal
check "top draws on a terminal" lab_wait 10 has "$LAB/log/tty.txt" \
    'requests/s.*decisions/s'
printf 's/sj\n' >&8
check "a filter is typed" lab_wait 5 has "$LAB/log/tty.txt" 'filter \(sj\)'
printf q >&8
exec 8>&-
wait "$terminal"
check "the terminal is as it was" has "$LAB/log/tty.txt" ' icanon .*echo '
check "the other screen is left" has "$LAB/log/tty.txt" '1049l'

# Hosts that are well: nothing to repair.
for h in manager director ny1 la2 front-sj border-dc; do
	check "doctor finds nothing to repair on $h" doctor $h
	grep -E '^  FAIL' "$LAB/log/doctor-$h.txt"
done
check "it tried the way to snmpd as the daemons' user" has \
    "$LAB/log/doctor-ny1.txt" 'user nobody can connect to'
check "it asked snmpd as the manager" has \
    "$LAB/log/doctor-ny1.txt" 'asked as hopmgr, shows HOPSCOTCH-MIB'
check "it followed each alias out" has \
    "$LAB/log/doctor-ny1.txt" 'www.ny1-sj.*leaves via 10.4.0.254'

# Mistakes: a rule of routes is gone, hoploadd is dead, the directory of the
# AgentX socket is root's, a strange program has a front end's port.
ip -n "${LAB_PREFIX}ny1" rule del from 10.1.1.2 lookup 2
check "doctor sees an alias that leaves by the wrong way" diagnosed ny1 \
    'WARN  alias www.ny1-la.*border la'
ip -n "${LAB_PREFIX}ny1" addr del 10.1.1.3/32 dev eth0
check "doctor sees an alias that is no address" diagnosed ny1 \
    'WARN  alias www.ny1-dc'
lab_stop hoploadd-la2
check "doctor sees that hoploadd is gone" diagnosed la2 \
    'FAIL  hoploadd does not run'
farm_start_hoploadd la2
chmod 700 "$LAB/host/director/agentx"
chgrp root "$LAB/host/director/agentx"
check "doctor sees a socket that the daemon cannot reach" diagnosed director \
    'FAIL  user nobody cannot connect to'
chmod 640 "$LAB/etc/hopmgr.secret"
check "doctor sees a secret that others can read" diagnosed manager \
    'others could read it'
chmod 600 "$LAB/etc/hopmgr.secret"

# Drain and wait: 30 connections that stay for a while.
lab_start fill client-dc "$LAB/bin/fill" 60 30 10.3.1.3 80 www.dc1-dc.test.com
lab_wait 10 holds
check "a wait that is too short fails" eval "! farm_hopctl drain --wait \
    --timeout 6s server www.dc1.test.com >'$LAB/log/wait1.txt' 2>&1"
check "and says what is left" has "$LAB/log/wait1.txt" '30 connections'
(
	sleep 3
	lab_stop fill
) &
check "a wait ends when the last connection has" farm_hopctl drain --wait \
    --timeout 30s server www.dc1.test.com
wait $!
farm_hopctl undrain server www.dc1.test.com >/dev/null
check "a border is empty when nobody is sent there" farm_hopctl drain --wait \
    --timeout 30s border sj
farm_hopctl undrain border sj >/dev/null

# The zone has what the hosts of the lab resolve.
farm_hopctl zone --format hosts | grep -v '^#' | awk '{ print $1, $2 }' |
    grep -v ' www.test.com$' | sort >"$LAB/zone"
awk '/-(ny|la|dc|sj)\.test\.com/ { print $1, $2 }' "$LAB/etc/names" |
    grep -v ' \(front\|border\)-' | sort >"$LAB/names"
check "the zone has all aliases" cmp "$LAB/zone" "$LAB/names"
if command -v named-checkzone >/dev/null; then
	{
		echo '@ 300 IN SOA ns hostmaster 1 1h 1h 1d 300'
		echo '@ 300 IN NS ns.other.example.'
		farm_hopctl zone
	} >"$LAB/zone.db"
	check "named takes the zone" named-checkzone test.com "$LAB/zone.db"
fi

# A reload: all take it; a bad file is told to nobody.
check "all daemons take their configuration anew" farm_hopctl reload
# The agents are in no configuration: they are found by their sockets.
HOPSCOTCH_RUN="$LAB/run" "$LAB/bin/hopctl" status --local \
    -f /nonexistent >"$LAB/log/local.txt" 2>&1
check "all agents of this host answer" test \
    "$(grep -cE '^  [a-z0-9-]+ +hop(load|ping)d +up' \
    "$LAB/log/local.txt")" = 12
check "all agents take their options anew" env HOPSCOTCH_RUN="$LAB/run" \
    "$LAB/bin/hopctl" reload --local -f /nonexistent
sed -i 's|<site id="sj"/>|<site id="sj" colour="red"/>|' \
    "$LAB/etc/hopscotch.xml"
check "a bad file is refused here" eval \
    "! farm_hopctl reload >'$LAB/log/reload.txt' 2>&1"
check "with its line" has "$LAB/log/reload.txt" 'hopscotch.xml:[0-9]+: .*colour'
exit $failed

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# hoploadd under a real snmpd: all objects are there, a walk is the set of
# GETs, and whichever of the two stops, hangs or starts anew, in any order,
# the objects are back within 2 s.

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
snmp_begin snmpwalk snmpbulkwalk snmpgetnext
snmp_conf content-server
uptime=$P.1.1.1.2.0
missed=$P.1.1.1.8.0
number=$P.1.1.2.1.0

hoploadd_start()
{
	start hoploadd "$bin/hoploadd" --agentx "$dir/agentx/master" \
	    --check none=tcp:127.0.0.1:1 --check "also=http://127.0.0.1:1/x" \
	    --port 80,443
}

value()
{
	as hopnms snmpget -OvqU "$1"
}

# The order of starts, and how they come back.

hoploadd_start
sleep 0.3
snmpd_start
check "snmpd starts behind hoploadd: objects within 2 s" back 2 $uptime

snmpd_stop
sleep 1.5
snmpd_start
check "snmpd stops and starts: back within 2 s" back 2 $uptime

snmpd_stop KILL
snmpd_start
check "snmpd is killed and starts at once: back within 2 s" back 2 $uptime

stop hoploadd
hoploadd_start
check "hoploadd stops and starts: back within 2 s" back 2 $uptime

stop hoploadd KILL
hoploadd_start
check "hoploadd is killed and starts: back within 2 s" back 2 $uptime

signal hoploadd STOP
sleep 1.5
signal hoploadd CONT
check "hoploadd hangs for a moment: back within 2 s" back 2 $uptime

signal hoploadd STOP
# What snmpd makes of it: one error, and the session is gone.
TIMEOUT=6 RETRIES=0 as hopnms snmpget $uptime >/dev/null 2>&1
signal hoploadd CONT
check "hoploadd hangs while it is asked: back within 2 s" back 2 $uptime

signal hoploadd STOP
snmpd_stop
snmpd_start
sleep 0.5
signal hoploadd CONT
check "snmpd starts anew while hoploadd hangs: back within 2 s" back 2 $uptime

# A hung snmpd: the queue of its socket fills, and still nobody waits.
before=$(value $missed)
lines=$(wc -l <"$dir/hoploadd.log")
signal snmpd STOP
sleep 9
signal snmpd CONT
check "snmpd hangs for 9 s: back within 2 s" back 2 $uptime
check "meanwhile hoploadd went on taking samples" \
    test $(($(value $missed) - before)) -le 4
check "and did not fill the log" \
    test $(($(wc -l <"$dir/hoploadd.log") - lines)) -le 6
echo "  missed $(($(value $missed) - before)) samples of 9," \
    "wrote $(($(wc -l <"$dir/hoploadd.log") - lines)) lines"

# Flapping does not fill it either.
lines=$(wc -l <"$dir/hoploadd.log")
for _ in 1 2 3 4 5 6 7 8; do
	snmpd_stop KILL
	snmpd_start
	sleep 0.4
done
check "snmpd flaps eight times: back within 2 s" back 2 $uptime
check "and the log has a bound" \
    test $(($(wc -l <"$dir/hoploadd.log") - lines)) -le 12

# Two of a kind: one serves, the other waits for its turn.
start second "$bin/hoploadd" --agentx "$dir/agentx/master"
sleep 1
check "a second hoploadd says why it is not served" \
    grep -q "another daemon" "$dir/second.log"
stop hoploadd
check "it takes over when the first one ends, within 2 s" back 2 $uptime
stop second
hoploadd_start
check "and the first one again" back 2 $uptime

# The objects.

as hopnms snmpbulkwalk $P | grep -v 'No more variables' >"$dir/bulk"
as hopnms snmpwalk $P | grep -v 'No more variables' >"$dir/walk"
names()
{
	sed -n 's/^\(\.[0-9.]*\) = .*/\1/p' "$1"
}
check "GETBULK and GETNEXT see the same objects" \
    diff <(names "$dir/bulk") <(names "$dir/walk")
get_all()
{
	names "$dir/walk" | while read -r o; do
		as hopnms snmpget "$o" || return 1
	done >"$dir/get"
	! grep "No Such" "$dir/get" &&
	    diff <(names "$dir/walk") <(names "$dir/get")
}
check "a walk is the set of GETs" get_all
same_types()
{
	diff <(sed 's/^\([^:]*:\).*/\1/' "$dir/walk") \
	    <(sed 's/^\([^:]*:\).*/\1/' "$dir/get")
}
check "of the same types" same_types
all_served()
{
	local name column oid bad=0

	while read -r name column oid; do
		case $oid in .1.1.*) ;; *) continue ;; esac
		if [ "$column" = true ]; then
			for i in 1 2; do
				grep -q "^$P$oid\.$i = " "$dir/walk" ||
				    { echo "no $name.$i"; bad=1; }
			done
		else
			grep -q "^$P$oid\.0 = " "$dir/walk" ||
			    { echo "no $name.0"; bad=1; }
		fi
	done < <(snmp_objects)
	return $bad
}
check "every object of the load subtree is served, in each row" all_served
expected=$(snmp_objects | awk '$3 ~ /^\.1\.1\./ { n += $2 == "true" ? 2 : 1 }
    END { print n }')
check "and nothing else" test "$(wc -l <"$dir/walk")" = "$expected"
check "in the order of their numbers" \
    diff <(names "$dir/walk") <(names "$dir/walk" | sort -V)

samples_go_on()
{
	local a b

	a=$(value $number)
	sleep 2.2
	b=$(value $number)
	echo "sample $a, then $b"
	[ $((b - a)) -ge 1 ] && [ $((b - a)) -le 3 ]
}
check "there is a sample a second" samples_go_on
check "it is young" test "$(value $P.1.1.2.2.0)" -lt 1300
checks_judged()
{
	[ "$(value $P.1.1.1.5.0)" = 2 ] && [ "$(value $P.1.1.1.6.0)" = 2 ] &&
	    [ "$(value $P.1.1.3.1.5.1)" = 5 ] &&
	    [ "$(value $P.1.1.3.1.6.1)" = '"connect-refused"' ]
}
check "checks of closed ports are down, with the reason" checks_judged
no_such()
{
	as hopnms snmpget $P.1.1.9.9.0 | grep -q "No Such Object" &&
	    as hopnms snmpget $P.1.1.3.1.5.77 | grep -q "No Such Instance"
}
check "no such object, no such instance" no_such
not_writable()
{
	! as hopnms snmpset $number u 1 && ! as hopmgr snmpset $number u 1
}
check "nothing can be set" not_writable

# In a context of its own, and with many files open.
start context "$bin/hoploadd" --agentx "$dir/agentx/master" --context other
READER=hopmgr CONTEXT=other \
    check "two on a host are told apart by context" back 2 $uptime
stop context

many_files()
{
	local i fd

	ulimit -n 2048 || return 0
	for ((i = 0; i < 1100; i++)); do
		# shellcheck disable=SC2034
		exec {fd}</dev/null
	done
	exec "$bin/hoploadd" --agentx "$dir/agentx/master"
}
stop hoploadd
start hoploadd many_files
check "descriptors above 1023 are no harm" back 3 $uptime
snmpd_stop
snmpd_start
check "nor when snmpd starts anew" back 2 $uptime

# The end.

stop hoploadd
check "SIGTERM ends it well" test "$status" = 0
hoploadd_start
back 2 $uptime >/dev/null
signal snmpd STOP
begin=${EPOCHREALTIME/./}
stop hoploadd
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
check "a hung snmpd does not keep it from ending ($took ms)" \
    test "$status" = 0 -a $took -lt 1500
signal snmpd CONT
echo "  back after: $(sort -n "$dir/back.log" | tr '\n' ',')"

exit $failed

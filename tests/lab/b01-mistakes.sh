#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Bad input of all kinds: a clear error that names the place and the remedy,
# and everything else goes on.
# lab: seconds=15

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-b01-mistakes
LAB_PREFIX=${LAB_PREFIX:-hop-b-}
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"

redirects()
{
	lab_run client-ny curl -s -m 3 -o /dev/null -w '%{redirect_url}\n' \
	    http://www.test.com/ | grep '^http://www\.'
}

# complains STATUS PATTERN COMMAND...: fails in time with this exit status and
# a text that fits.
complains()
{
	local want=$1 pattern=$2 status

	shift 2
	timeout 5 "$@" >"$LAB/said" 2>&1 </dev/null
	status=$?
	cat "$LAB/said"
	echo "exit status $status, wanted $want"
	[ $status = "$want" ] && grep -qE "$pattern" "$LAB/said"
}

# The farm's file with a mistake: mistake SED-SCRIPT; its name is $mistake.
mistake()
{
	mistake=$LAB/etc/mistake.xml
	sed "$1" "$LAB/etc/hopscotch.xml" >"$mistake"
}

check_conf()
{
	mistake "$1"
	complains 1 "mistake.xml:[0-9]+: .*$2" "$LAB/bin/hopctl" check \
	    -f "$mistake"
}

test_conf()
{
	check "hopctl check finds the lab's file good" farm_hopctl check
	check "an unknown element is named, with its line" \
	    check_conf 's|<path/>|<paht/>|' 'paht'
	check "a reference to nothing is named, with its line" \
	    check_conf 's|policy="balanced"|policy="balance"|' 'balance'
	check "a duplicate id is named, with its line" \
	    check_conf 's|id="www.ny2.test.com"|id="www.ny1.test.com"|' \
	    'www.ny1.test.com'
	check "a value without its unit is named, with its line" \
	    check_conf 's|delay="1ms"|delay="1"|' 'unit|us'
	check "a daemon does not start on a bad file" complains 1 \
	    'mistake.xml:[0-9]+' "$LAB/bin/hopdirectord" -f "$mistake" \
	    --id director
	check "a missing file is named" complains 1 'nowhere.xml' \
	    "$LAB/bin/hopdirectord" -f "$LAB/etc/nowhere.xml" --id director
	check "an id that the file lacks is named" complains 1 'nobody-knows' \
	    "$LAB/bin/hopdirectord" -f "$LAB/etc/hopscotch.xml" \
	    --id nobody-knows
	check "a bad option is a usage error" complains 2 'frobnicate' \
	    "$LAB/bin/hopdirectord" --frobnicate
}

test_secret()
{
	mistake 's|hopmgr.secret|open.secret|'
	cp "$LAB/etc/hopmgr.secret" "$LAB/etc/open.secret"
	chmod 644 "$LAB/etc/open.secret"
	check "a secret that others can read is refused, with the remedy" \
	    complains 1 'open.secret.*(0600|chmod)' \
	    "$LAB/bin/hopmanagerd" -f "$mistake" --id manager --no-snmp
	rm "$LAB/etc/open.secret"
	check "a secret that is not there is named" \
	    complains 1 'open.secret' \
	    "$LAB/bin/hopmanagerd" -f "$mistake" --id manager --no-snmp
}

test_port_in_use()
{
	check "a port in use is named" complains 1 '10\.1\.0\.1.*80' \
	    ip netns exec "${LAB_PREFIX}front-ny" "$LAB/bin/hopfrontd" \
	    -f "$LAB/etc/hopscotch.xml" --id front-ny --no-snmp
	check "the front end that has it goes on" redirects
}

# Send bytes to a port, print what comes back within 2 s.
# shellcheck disable=SC2016 # expanded by the inner shell
send()
{
	lab_run "$1" timeout 2 bash -c '
	exec 3<>"/dev/tcp/$1/$2"
	printf "$3" >&3
	cat <&3' send "$2" "$3" "$4"
	return 0
}

answers()
{
	local pattern=$1

	shift
	send "$@" | tee "$LAB/answer"
	grep -qaE "$pattern" "$LAB/answer"
}

test_http()
{
	local long

	long=$(head -c 70000 /dev/zero | tr '\0' a)
	check "garbage gets 400" answers '^HTTP/1.1 400' \
	    client-ny 10.1.0.1 80 '\001\002garbage\r\n\r\n'
	check "an oversized header gets 431" answers '^HTTP/1.1 431' \
	    client-ny 10.1.0.1 80 \
	    "GET / HTTP/1.1\\r\\nHost: www.test.com\\r\\nX: $long\\r\\n\\r\\n"
	check "an unknown host gets 421, never a redirect" \
	    answers '^HTTP/1.1 421' client-ny 10.1.0.1 80 \
	    'GET / HTTP/1.1\r\nHost: elsewhere.test\r\nConnection: close\r\n\r\n'
	check "no host gets 400" answers '^HTTP/1.1 400' \
	    client-ny 10.1.0.1 80 'GET / HTTP/1.1\r\n\r\n'
	check "the next client is redirected" redirects
}

test_feed()
{
	local hello='hello hop/1 collector stranger - gives=path\n'

	check "a ping with too few values gets an error" answers '^error ' \
	    director 127.0.0.1 26559 \
	    "${hello}borders unit=us ny la dc sj\\nping 192.0.2.77 1 2\\n"
	check "no hello gets an error" answers '^error ' \
	    director 127.0.0.1 26559 'ping 192.0.2.77 1 2 3 4\n'
	check "an unknown verb gets an error" answers '^error ' \
	    director 127.0.0.1 26559 "${hello}frobnicate\\n"
	check "names that nobody knows do no harm" answers '^(hello|beat)' \
	    director 127.0.0.1 26559 \
	    "${hello}borders unit=us ny mars\\nload www.mars 10\\n"
	check "the next client is redirected after bad lines" redirects
}

said_by_manager()
{
	grep -qiE "$1" "$LAB/log/manager.log"
}

all_up()
{
	[ "$(farm_snmp hopnms snmpwalk manager -OQvs hopManagerServerState |
	    grep -c '^up$')" = 2 ]
}

test_wrong_user()
{
	lab_stop manager
	printf 'auth wrong-wrong\npriv wrong-wrong\n' >"$LAB/etc/hopmgr.secret"
	farm_start_manager
	check "a wrong SNMP secret is told by its reason" \
	    lab_wait 15 said_by_manager 'agent-security'
	check "and takes nobody down: the services answer" \
	    lab_wait 15 all_up
	check "the next client is redirected all the same" redirects
	lab_stop manager
	farm_conf
	farm_start_manager
	check "with the right secret the agents answer" \
	    lab_wait 15 agents_answer
}

agents_answer()
{
	farm_snmp hopnms snmpwalk manager -OQvs hopManagerServerSource |
	    grep -qx loadDaemon
}

no_mib_missed()
{
	! grep -riE 'cannot (find|open).*(mib|module)' "$LAB/log"
}

# The programs carry the MIB's numbers in them; only tools need its text.
test_mib()
{
	check "daemons need no MIB file and miss none" \
	    no_mib_missed
	check "a tool without it names it" complains 1 'HOPSCOTCH-MIB' \
	    ip netns exec "${LAB_PREFIX}nms" snmpget -v3 -u x -M /nonexistent \
	    -m HOPSCOTCH-MIB -t 1 -r 0 10.9.0.1 hopLoadVersion.0
}

lab_begin nginx snmpd snmpwalk curl
farm_make
for h in ny1 ny2; do
	farm_start_snmpd $h
	farm_start_nginx $h
	farm_start_hoploadd $h
done
farm_start_snmpd manager
farm_start_snmpd director
farm_start_manager
farm_start_director
farm_start_front ny
check "two servers are up" lab_wait 20 all_up
check "the front end redirects" lab_wait 10 redirects
test_conf
test_secret
test_port_in_use
test_http
test_feed
test_wrong_user
test_mib
exit $failed

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The manager alone with real agents: several snmpd, each with hoploadd and
# nginx behind it, on loopback addresses of a network namespace of its own.
# What fails here is snmpd, hoploadd, services, passwords and the manager.
# lab: seconds=65

set -u
# shellcheck source=tests/lab/programs.sh
. "$(dirname "${BASH_SOURCE[0]}")/programs.sh"
own_network
built hopmanagerd hopdirectord hoploadd hopctl
programs_begin snmpd nginx jq
auth=authpassword
priv=privpassword
export MIBS=

##############################################################################

# snmpd N [AUTH]: of server number N; its engine ID holds across restarts
start_snmpd()
{
	local d=$dir/s$1

	mkdir -p "$d/state"
	cat >"$d/snmpd.conf" <<-EOF
	agentaddress udp:127.0.9.$1:16100
	exactEngineID 0x80001f8804${3:-0000000$1}
	createUser hopmgr SHA-256 ${2:-$auth} AES ${4:-$priv}
	group hop usm hopmgr
	view all included .1
	access hop "" usm priv exact all none none
	master agentx
	agentXSocket $d/agentx
	EOF
	start "snmpd$1" env SNMP_PERSISTENT_DIR="$d/state" \
	    SNMPCONFPATH="$d" snmpd -f -Lo -C -c "$d/snmpd.conf" \
	    -I -smux,mteTrigger,mteTriggerConf
}

start_hoploadd()
{
	start "hoploadd$1" "$bin/hoploadd" --agentx "$dir/s$1/agentx" \
	    --check "www=http://127.0.9.$1:18080/"
}

start_nginx()
{
	web_conf "$dir/s$1" <<<"server {
	    listen 127.0.9.$1:18080; return 200 hello; }"
	start "nginx$1" nginx -e stderr -c "$dir/s$1/nginx.conf"
}

start_manager()
{
	start manager "$bin/hopmanagerd" -f "$dir/hop.xml" --id m1 --no-snmp
}

write_conf()
{
	local n

	printf 'auth %s\npriv %s\n' $auth $priv >"$dir/secret"
	chmod 600 "$dir/secret"
	cat >"$dir/hop.xml" <<-EOF
	<hopscotch xmlns="urn:hopscotch:config:1" domain="test.com">
	<network><site id="ny"/><site id="la"/>
	<link between="ny la" delay="20ms"/></network>
	<policy id="p"><connections/></policy>
	<snmp-user id="hopmgr" secret="secret"/>
	EOF
	for n in 1 2 3 4 5 6 7; do
		cat >>"$dir/hop.xml" <<-EOF
		<server id="s$n" site="ny">
		<alias border="ny" name="s$n.test.com" address="127.0.9.$n"/>
		<agent address="127.0.9.$n" port="16100"/></server>
		EOF
	done
	cat >>"$dir/hop.xml" <<-EOF
	<service id="www" host="www.test.com" policy="p" port="18080">
	<use server="s1"/><use server="s2"/><use server="s3"/>
	<use server="s4"/><try type="http" path="/"/></service>
	<service id="odd" host="odd.test.com" policy="p" port="18080">
	<use server="s5"/><use server="s6"/><use server="s7"/></service>
	<manager id="m1"/><director id="d1"/>
	</hopscotch>
	EOF
}

# json_rows DAEMON TABLE: of hopctl status, as JSON
json_rows()
{
	"$bin/hopctl" status --json -f "$dir/hop.xml" "$2" 2>/dev/null |
	    jq -c ".daemons[] | select(.id == \"$1\") | .tables.\"$2\"[]"
}

# field DAEMON TABLE ID FIELD
field()
{
	json_rows "$1" "$2" | jq -r "select(.id == \"$3\") | .$4" | head -1
}

is()
{
	local value

	value=$(field "$1" "$2" "$3" "$4")
	echo "$1: $2 $3: $4 is $value, wanted $5"
	[ "$value" = "$5" ]
}

# state N STATE: of a server, as the director has it
state()
{
	is d1 server "s$1" state "$2"
}

all_are()
{
	local n

	for n in 1 2 3 4; do
		state $n "$1" || return 1
	done
}

agent_is()
{
	is m1 agent "s$1" reason "$2"
}

agents_ok()
{
	local n

	for n in 1 2 3 4; do
		agent_is $n agent-ok || return 1
	done
}

said()
{
	grep -E "$1" "$dir/manager.log"
}

# Transitions of www's servers since the mark.
mark()
{
	marked=$(wc -l <"$dir/manager.log")
}

nobody_went_down()
{
	! tail -n "+$((marked + 1))" "$dir/manager.log" |
	    grep -E ': s[1-4] of www: .* -> down'
}

##############################################################################

test_poll()
{
	check "servers are up by the checks of their load daemons" \
	    lab_wait 12 all_are up
	check "all agents answer" lab_wait 3 agents_ok
	check "the reason is the check, not a try of our own" \
	    lab_wait 6 is m1 server s1 reason check-ok
	check "loads reach the director" \
	    test "$(field d1 server s1 load)" -gt 0
}

test_security()
{
	check "a wrong auth passphrase is an agent-security error" \
	    lab_wait 5 agent_is 5 agent-security
	check "the log tells what to compare" \
	    said 'agent of s5: wrong auth passphrase .* user hopmgr'
	check "a wrong priv passphrase is told from silence" \
	    lab_wait 15 agent_is 6 agent-security
	check "the log names it" \
	    said 'agent of s6: .* priv passphrase .* user hopmgr'
	check "a second agent with the same engine ID is refused" \
	    lab_wait 5 agent_is 7 agent-engine-id-not-unique
	check "the log names the first" said 'agent of s7: .* engine ID of s1'
}

test_silent()
{
	local before after

	mark
	before=$(field m1 agent s1 polls)
	signal snmpd4 STOP
	sleep 6
	after=$(field m1 agent s1 polls)
	check "a stopped snmpd does not delay the polls of others" \
	    test $((after - before)) -ge 3 -a $((after - before)) -le 4
	check "its server stays up, tried directly" \
	    is m1 server s4 reason service-answers
	check "its agent is down" agent_is 4 agent-timeout
	signal snmpd4 CONT
	check "and is back when snmpd runs again" lab_wait 5 agent_is 4 agent-ok
	signal hoploadd3 STOP
	check "a load daemon that hangs is a silent agent" \
	    lab_wait 6 agent_is 3 agent-timeout
	signal hoploadd3 CONT
	check "and is back when it runs again" lab_wait 25 agent_is 3 agent-ok
	check "nobody went down meanwhile" nobody_went_down
}

test_restart()
{
	local n

	mark
	for n in 1 2 3 4; do
		stop snmpd$n
		start_snmpd $n
	done
	sleep 3
	check "all agents answer again after snmpd was restarted everywhere" \
	    lab_wait 12 agents_ok
	check "nobody went down" nobody_went_down
	stop snmpd2
	rm -rf "$dir/s2/state"
	start_snmpd 2
	check "an engine whose boots went back is met anew" \
	    lab_wait 30 agent_is 2 agent-ok
	check "nobody went down for it" nobody_went_down
}

test_service()
{
	local began took

	began=$(lab_now)
	stop nginx2 KILL
	check "a dead service is down at the director" lab_wait 6 state 2 down
	took=$(($(lab_now) - began))
	note "after $took ms"
	check "within 5 s" test $took -le 5000
	start_nginx 2
	check "it is up again when it answers" lab_wait 10 state 2 up
	began=$(lab_now)
	stop nginx3 KILL
	stop snmpd3 KILL
	check "a dead host is down" lab_wait 7 state 3 down
	took=$(($(lab_now) - began))
	note "after $took ms"
	check "within 5 s, agent and all" test $took -le 5000
	start_nginx 3
	start_snmpd 3
	check "and up again" lab_wait 10 state 3 up
}

test_freeze()
{
	local n began

	sleep 10 # the deaths above are another event
	began=$(lab_now)
	for n in 1 2 3 4; do
		stop nginx$n KILL
	done
	check "more than half down at once is a freeze" \
	    lab_wait 6 is m1 service www frozen yes
	check "they are believed when their hosts refuse thrice" \
	    lab_wait 8 all_are down
	note "all down after $(($(lab_now) - began)) ms"
	check "then the freeze is over" is m1 service www frozen no
	for n in 1 2 3 4; do
		start_nginx $n
	done
	check "all come back" lab_wait 10 all_are up
}

test_drain()
{
	"$bin/hopctl" drain -f "$dir/hop.xml" --reason "new disk" server s1 \
	    >"$dir/drain.out" 2>&1
	check "a drain is at the director at once" lab_wait 1 state 1 draining
	stop manager KILL
	start_manager
	check "it survives a kill -9 of the manager" \
	    lab_wait 5 is m1 server s1 state draining
	check "with its reason" is m1 admin s1 why "new disk"
	sleep 3
	check "the director never saw it up" state 1 draining
	check "a site's drain holds for its servers" \
	    "$bin/hopctl" drain -f "$dir/hop.xml" site ny
	check "all of them" lab_wait 2 all_are draining
	check "undrain of the site" \
	    "$bin/hopctl" undrain -f "$dir/hop.xml" site ny
	check "leaves the server's own drain" lab_wait 8 state 2 up
	check "which holds" state 1 draining
	check "undrain of the server" \
	    "$bin/hopctl" undrain -f "$dir/hop.xml" server s1
	check "ends it" lab_wait 5 state 1 up
}

poller_back()
{
	[ "$(field m1 poller 1 restarts)" = "$1" ] &&
	    [ "$(field m1 poller 1 pid)" != 0 ] && agents_ok
}

test_poller()
{
	lab_wait 12 agents_ok
	mark
	kill -KILL "$(field m1 poller 1 pid)"
	check "a killed poller process comes back" lab_wait 10 poller_back 1
	kill -STOP "$(field m1 poller 1 pid)"
	check "one that hangs is replaced" lab_wait 25 poller_back 2
	check "nobody went down" nobody_went_down
}

write_conf
for n in 1 2 3 4; do
	start_snmpd $n
	start_nginx $n
done
start_snmpd 5 another-auth
start_snmpd 6 $auth 00000006 another-priv
start_snmpd 7 $auth 00000001
for n in 1 2 3 4; do
	start_hoploadd $n
done
start director "$bin/hopdirectord" -f "$dir/hop.xml" --id d1 --no-snmp
start_manager
test_poll
test_security
test_silent
test_restart
test_service
test_freeze
test_drain
test_poller
stop manager
check "the manager ends with its pollers and without a complaint" \
    eval "no_complaint && ! grep ERROR '$dir/manager.log'"
exit $failed

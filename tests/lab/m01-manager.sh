#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The manager alone with real agents: several snmpd, each with hoploadd and
# nginx behind it, on loopback addresses of a network namespace of its own.
# What fails here is snmpd, hoploadd, services, passwords and the manager.
# lab: seconds=65

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${LAB_BUILD:-$top/build/release}
auth=authpassword
priv=privpassword
export MIBS=
failed=0

skip()
{
	echo "skip m01-manager: $*"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "needs root for a network namespace"
for tool in snmpd nginx jq unshare ip; do
	command -v "$tool" >/dev/null || skip "needs $tool"
done
for program in hopmanagerd hopdirectord hoploadd hopctl; do
	[ -x "$bin/$program" ] || skip "needs $bin/$program"
done
if [ "${M01_INSIDE:-}" != 1 ]; then
	unshare -n true 2>/dev/null || skip "no network namespaces here"
	exec env M01_INSIDE=1 unshare -n "$0" "$@"
fi
ip link set lo up

dir=$(mktemp -d /tmp/hop-m01.XXXXXX)
export HOPSCOTCH_RUN=$dir HOPSCOTCH_STATE=$dir
declare -A pids

# start NAME COMMAND...: in the background, its output in NAME.log
start()
{
	local name=$1

	shift
	"$@" >>"$dir/$name.log" 2>&1 </dev/null &
	pids[$name]=$!
}

# stop NAME [SIGNAL]: end it and wait for it
stop()
{
	local pid=${pids[$1]:-}

	[ -n "$pid" ] || return 0
	# In this order: a SIGCONT that comes later would undo the stop by
	# which a leak checker looks at its own process.
	kill -CONT "$pid" 2>/dev/null
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	unset "pids[$1]"
}

signal()
{
	kill "-$2" "${pids[$1]}"
}

end()
{
	local name

	for name in "${!pids[@]}"; do
		stop "$name" KILL
	done
	if [ $failed = 0 ] && [ -z "${M01_KEEP:-}" ]; then
		rm -rf "$dir"
	else
		echo "logs are in $dir"
	fi
}
trap end EXIT
trap 'exit 1' INT TERM HUP

check()
{
	local text=$1

	shift
	if "$@" >"$dir/check.out" 2>&1; then
		echo "ok $text"
	else
		echo "not ok $text"
		echo "    $*"
		tail -15 "$dir/check.out" | sed 's/^/    | /'
		failed=1
	fi
}

# within SECONDS COMMAND...: until it succeeds
within()
{
	local end=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

ms()
{
	date +%s%3N
}

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
	local d=$dir/s$1

	mkdir -p "$d/www"
	echo hello >"$d/www/index.html"
	cat >"$d/nginx.conf" <<-EOF
	daemon off; master_process off; pid $d/nginx.pid;
	error_log stderr error; events { }
	http { access_log off; client_body_temp_path $d/t1;
	proxy_temp_path $d/t2; fastcgi_temp_path $d/t3;
	uwsgi_temp_path $d/t4; scgi_temp_path $d/t5;
	server { listen 127.0.9.$1:18080; root $d/www; } }
	EOF
	start "nginx$1" nginx -p "$d" -e stderr -c "$d/nginx.conf"
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

# rows DAEMON TABLE: of hopctl status, as JSON
rows()
{
	"$bin/hopctl" status --json -f "$dir/hop.xml" "$2" 2>/dev/null |
	    jq -c ".daemons[] | select(.id == \"$1\") | .tables.\"$2\"[]"
}

# field DAEMON TABLE ID FIELD
field()
{
	rows "$1" "$2" | jq -r "select(.id == \"$3\") | .$4" | head -1
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
	    within 12 all_are up
	check "all agents answer" within 3 agents_ok
	check "the reason is the check, not a try of our own" \
	    is m1 server s1 reason check-ok
	check "loads reach the director" \
	    test "$(field d1 server s1 load)" -gt 0
}

test_security()
{
	check "a wrong auth passphrase is an agent-security error" \
	    within 5 agent_is 5 agent-security
	check "the log tells what to compare" \
	    said 'agent of s5: wrong auth passphrase .* user hopmgr'
	check "a wrong priv passphrase is told from silence" \
	    within 15 agent_is 6 agent-security
	check "the log names it" \
	    said 'agent of s6: .* priv passphrase .* user hopmgr'
	check "a second agent with the same engine ID is refused" \
	    within 5 agent_is 7 agent-engine-id-not-unique
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
	check "and is back when snmpd runs again" within 5 agent_is 4 agent-ok
	signal hoploadd3 STOP
	check "a load daemon that hangs is a silent agent" \
	    within 6 agent_is 3 agent-timeout
	signal hoploadd3 CONT
	check "and is back when it runs again" within 25 agent_is 3 agent-ok
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
	    within 12 agents_ok
	check "nobody went down" nobody_went_down
	stop snmpd2
	rm -rf "$dir/s2/state"
	start_snmpd 2
	check "an engine whose boots went back is met anew" \
	    within 30 agent_is 2 agent-ok
	check "nobody went down for it" nobody_went_down
}

test_service()
{
	local began took

	began=$(ms)
	stop nginx2 KILL
	check "a dead service is down at the director" within 6 state 2 down
	took=$(($(ms) - began))
	echo "    after $took ms"
	check "within 5 s" test $took -le 5000
	start_nginx 2
	check "it is up again when it answers" within 10 state 2 up
	began=$(ms)
	stop nginx3 KILL
	stop snmpd3 KILL
	check "a dead host is down" within 7 state 3 down
	took=$(($(ms) - began))
	echo "    after $took ms"
	check "within 5 s, agent and all" test $took -le 5000
	start_nginx 3
	start_snmpd 3
	check "and up again" within 10 state 3 up
}

test_freeze()
{
	local n began

	sleep 10 # the deaths above are another event
	began=$(ms)
	for n in 1 2 3 4; do
		stop nginx$n KILL
	done
	check "more than half down at once is a freeze" \
	    within 6 is m1 service www frozen yes
	check "they are believed when their hosts refuse thrice" \
	    within 8 all_are down
	echo "    all down after $(($(ms) - began)) ms"
	check "then the freeze is over" is m1 service www frozen no
	for n in 1 2 3 4; do
		start_nginx $n
	done
	check "all come back" within 10 all_are up
}

test_drain()
{
	"$bin/hopctl" drain -f "$dir/hop.xml" --reason "new disk" server s1 \
	    >"$dir/drain.out" 2>&1
	check "a drain is at the director at once" within 1 state 1 draining
	stop manager KILL
	start_manager
	check "it survives a kill -9 of the manager" \
	    within 5 is m1 server s1 state draining
	check "with its reason" is m1 admin s1 why "new disk"
	sleep 3
	check "the director never saw it up" state 1 draining
	check "a site's drain holds for its servers" \
	    "$bin/hopctl" drain -f "$dir/hop.xml" site ny
	check "all of them" within 2 all_are draining
	check "undrain of the site" \
	    "$bin/hopctl" undrain -f "$dir/hop.xml" site ny
	check "leaves the server's own drain" within 8 state 2 up
	check "which holds" state 1 draining
	check "undrain of the server" \
	    "$bin/hopctl" undrain -f "$dir/hop.xml" server s1
	check "ends it" within 5 state 1 up
}

poller_back()
{
	[ "$(field m1 poller 1 restarts)" = "$1" ] &&
	    [ "$(field m1 poller 1 pid)" != 0 ] && agents_ok
}

test_poller()
{
	within 12 agents_ok
	mark
	kill -KILL "$(field m1 poller 1 pid)"
	check "a killed poller process comes back" within 10 poller_back 1
	kill -STOP "$(field m1 poller 1 pid)"
	check "one that hangs is replaced" within 25 poller_back 2
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
    sh -c "! grep -E 'ERROR|runtime error|Sanitizer' '$dir/manager.log'"
exit $failed

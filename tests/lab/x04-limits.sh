#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What a host can run out of, while clients come: room on the disk, file
# descriptors, the right time; garbage on the sockets; a manager that starts
# anew. All daemons and one snmpd in a network namespace of their own.
# lab: seconds=45

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
. "$LAB_TOP/tests/lab/tls.sh"
own_network -m --propagation private
snmp_begin nginx curl prlimit perl openssl
built hopmanagerd hopdirectord hopfrontd hoppingd hopctl \
    tests/lab/{load,lines}
LAB=$dir
mkdir "$dir/log" "$dir/small"
. "$top/tests/lab/rows.sh"
mount -t tmpfs -o size=4m none "$dir/small" || skip "no tmpfs here"
trap 'cp "$dir"/small/*.log "$dir"; umount -l "$dir/small"; programs_end' EXIT
export HOPSCOTCH_STATE=$dir/small
front=8000 web=8080

config()
{
	local s n=0

	cat <<-EOT
	<hopscotch xmlns="urn:hopscotch:config:1">
	<network><site id="ny"/></network>
	<snmp-user id="hopmgr" secret="secret"/>
	<policy id="p" slow-start="0s"><connections/></policy>
	<tls cert="host.crt" key="host.key" ca="ca.crt"/>
	EOT
	for s in a b c; do
		n=$((n + 1))
		echo "<server id=\"$s\" site=\"ny\"><alias border=\"ny\"" \
		    "name=\"$s.test\" address=\"127.0.1.$n\"/>"
		[ $s != a ] ||
		    echo "<agent address=\"127.0.0.1\" port=\"$port\"/>"
		echo "</server>"
	done
	cat <<-EOT
	<service id="www" host="www.test" policy="p" port="$web">
	<use server="a"/><use server="b"/><use server="c"/>
	<try type="http"/></service>
	<manager id="m1"><listen socket="$dir/m1.sock"/></manager>
	<director id="d1"><listen address="127.0.0.1" port="26560" tls="yes"/>
	<listen socket="$dir/d1.sock"/>
	<listen address="127.0.0.1" port="26559"/></director>
	${1:-}
	<frontend id="f1" site="ny" access-log="$dir/small/access.log">
	<listen address="127.0.0.1" port="$front" default="www"/>
	<control socket="$dir/f1.sock"/></frontend>
	</hopscotch>
	EOT
}

web_start()
{
	web_conf "$dir" <<<"server { listen $web; return 200 'here'; }"
	start nginx nginx -e stderr -c "$dir/nginx.conf"
}

daemon_start()
{
	local program=$1 id=$2

	start "$program" env LD_PRELOAD="$bin/tests/lab/clockstep.so" \
	    CLOCKSTEP="$dir/clockstep" "$bin/$program" -f "$dir/hop.xml" \
	    --id "$id" --agentx "$dir/agentx/master" \
	    --log-file "$dir/small/$program.log"
}

hoploadd_start()
{
	start hoploadd env LD_PRELOAD="$bin/tests/lab/clockstep.so" \
	    CLOCKSTEP="$dir/clockstep" "$bin/hoploadd" \
	    --agentx "$dir/agentx/master" --check "www=http://127.0.1.1:$web/"
}

clients_start()
{
	start load "$bin/tests/lab/load" 60 100 8 127.0.0.1 $front www.test
}

clients_end()
{
	stop load
	load_figures "$dir/load.log"
}

hopctl()
{
	local verb=$1

	shift
	"$bin/hopctl" "$verb" -f "$dir/hop.xml" "$@"
}

all_up()
{
	[ "$(rows d1 | grep -c '^row server .* state=up')" = 3 ]
}

nobody_moved()
{
	! grep -h ' -> down' "$dir"/small/*.log "$dir"/*.log | tail -n "+$1"
}

redirects()
{
	curl -s -m 1 -H 'Host: www.test' -o /dev/null -w '%{redirect_url}' \
	    "http://127.0.0.1:$front/" | grep '^http://[abc].test'
}

# --- disk ---

test_disk()
{
	clients_start
	dd if=/dev/zero of="$dir/small/ballast" bs=4k >/dev/null 2>&1
	sleep 1
	check "a drain on a full disk holds, and tells that it is not written" \
	    drain_complains
	check "it is at the director" \
	    lab_wait 2 shows d1 'server b .*state=draining'
	lab_wait 5 lines_lost
	check "lost lines of the access log are counted" lines_lost
	rm "$dir/small/ballast"
	measure 20 grep -q '^admin server b draining' \
	    "$dir/small/manager-m1.admin"
	clients_end
	row "the disk is full, then not: a drain is on disk" "$took" 15000 ms
	check "the access log goes on with whole lines" access_log_whole
	check "the log said so once, or nearly" \
	    test "$(grep -c 'lines are lost' "$dir/small/hopfrontd.log")" -le 2
	stop hopmanagerd
	daemon_start hopmanagerd m1
	check "and the manager keeps it through a restart" \
	    lab_wait 5 shows m1 'server b .*state=draining'
	check "undrain" hopctl undrain server b
	check "all are up" lab_wait 5 all_up
}

drain_complains()
{
	! hopctl drain --reason "new disk" server b >"$dir/drain.out" 2>&1
	cat "$dir/drain.out"
	grep -q 'could not be written' "$dir/drain.out"
}

lines_lost()
{
	shows f1 '.*log-lost=[1-9]'
}

access_log_whole()
{
	sleep 1.2
	tail -1 "$dir/small/access.log" | grep -q '^time=.* target='
}

# --- descriptors ---

cpu_ticks()
{
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# Leave the process a few descriptors, or none: starve PID [HOW-MANY]
starve()
{
	local free=0 left=${2:-3}

	while [ -e "/proc/$1/fd/$free" ] || [ $((left -= 1)) -ge 0 ]; do
		free=$((free + 1))
	done
	limit_before=$(prlimit --pid "$1" --nofile --noheadings -o SOFT)
	prlimit --pid "$1" --nofile="$free:"
}

feed_it()
{
	prlimit --pid "$1" --nofile="${limit_before// /}:"
}

# busy PID: per cent of a core in 2 s
busy()
{
	local before

	before=$(cpu_ticks "$1")
	sleep 2
	echo $((($(cpu_ticks "$1") - before) / 2))
}

# Thirty peers at a socket, until `crowd_leaves`.
crowd_comes()
{
	local i

	crowd=
	for ((i = 0; i < 30; i++)); do
		"$bin/tests/lab/lines" "$1" "$2" "crowd$i" \
		    </dev/null >/dev/null 2>&1 &
		crowd="$crowd $!"
	done
}

crowd_leaves()
{
	# shellcheck disable=SC2086 # a list of processes
	kill $crowd 2>/dev/null
	# shellcheck disable=SC2086
	wait $crowd 2>/dev/null
}

test_descriptors_of_the_front()
{
	local pid=${pids[hopfrontd]} fd fds=() i cpu

	starve "$pid"
	for ((i = 0; i < 30; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$front"
		fds+=("$fd")
	done
	cpu=$(busy "$pid")
	for fd in "${fds[@]}"; do
		exec {fd}>&-
	done
	feed_it "$pid"
	measure 5 redirects
	no_clients
	row "a front end without descriptors: CPU" "$cpu" 25 %
	row "it has some again: clients are answered" "$took" 3000 ms
	check "it complained, with a bound" complained hopfrontd 'accept.*Too many'
}

complained()
{
	local n

	n=$(grep -cE "$2" "$dir/small/$1.log")
	echo "$n lines"
	[ "$n" -ge 1 ] && [ "$n" -le 10 ]
}

# What is connected goes on: clients notice nothing.
test_descriptors_of()
{
	local program=$1 socket=$2 role=$3 pid=${pids[$1]} cpu

	clients_start
	starve "$pid"
	crowd_comes "$dir/$socket.sock" "$role"
	cpu=$(busy "$pid")
	sleep 2
	crowd_leaves
	feed_it "$pid"
	measure 5 shows "$socket" 'daemon'
	clients_end
	row "$program without descriptors: CPU" "$cpu" 25 %
	row "it has some again: it answers" "$took" 4000 ms
	check "it complained, with a bound" complained "$program" 'Too many'
}

# Services are not judged by what their judge lacks.
test_descriptors_of_hoploadd()
{
	local cpu

	clients_start
	starve "${pids[hoploadd]}" 0
	cpu=$(busy "${pids[hoploadd]}")
	sleep 3
	check "its service is up: the manager tries it by itself" \
	    shows m1 'server a .*state=up reason=service-answers'
	feed_it "${pids[hoploadd]}"
	measure 8 shows m1 'server a .*state=up reason=check-ok'
	clients_end
	row "hoploadd without descriptors: CPU" "$cpu" 25 %
	row "it has some again: its check counts" "$took" 8000 ms
}

test_descriptors_of_hoppingd()
{
	local pid=${pids[hoppingd]} cpu

	clients_start
	starve "$pid" 0
	crowd_comes "$dir"/hoppingd-*.sock control
	cpu=$(busy "$pid")
	check "its objects are served all the while" back 2 $P.1.2.1.2.0
	crowd_leaves
	feed_it "$pid"
	measure 5 shows "$(basename "$dir"/hoppingd-*.sock .sock)" ''
	clients_end
	row "hoppingd without descriptors: CPU" "$cpu" 25 %
	row "it has some again: it answers" "$took" 4000 ms
}

test_descriptors()
{
	local downs

	downs=$(grep -hc ' -> down' "$dir/small/hopmanagerd.log")
	test_descriptors_of_the_front
	test_descriptors_of hopdirectord d1 frontend
	test_descriptors_of hopmanagerd m1 control
	test_descriptors_of_hoploadd
	test_descriptors_of_hoppingd
	check "nobody went down for it" test "$downs" = \
	    "$(grep -hc ' -> down' "$dir/small/hopmanagerd.log")"
}

# --- the time ---

# clock SECONDS: what all our programs and snmpd take for the time from now on
clock()
{
	perl -e 'print pack("q", shift)' -- "$1" |
	    dd of="$dir/clockstep" conv=notrunc 2>/dev/null
}

year_in_log()
{
	tail -1 "$dir/small/access.log" | grep -o 'time=[^ ]*'
}

# doctor_tells_clocks SECONDS: hopctl has this host's clock, the daemons have
# theirs.
doctor_tells_clocks()
{
	local n

	n=$(hopctl doctor | tr -s ' \n' ' ' |
	    grep -oE 'the clock of [^ ]+ [^ ]+ is [0-9]+ s (ahead|behind)' |
	    wc -l)
	if [ "$1" = 0 ]; then
		[ "$n" = 0 ]
	else
		[ "$n" -ge 3 ]
	fi
}

test_clock()
{
	local step downs ends

	ends=$(grep -v control "$dir/small/hopdirectord.log" |
	    grep -c 'is gone')
	check "managers and front ends are connected by TLS" \
	    test "$(grep -c ' tls is there' \
	    "$dir/small/hopdirectord.log")" -ge 2

	downs=$(grep -c ' -> down' "$dir/small/hopmanagerd.log")
	clients_start
	check "drain before the clock steps" hopctl drain server c
	for step in 10800 -21600 86400000 0; do
		clock $step
		sleep 2.2
		check "clock at $step s: all daemons answer by SNMP" \
		    back 2 $P.1.3.1.2.0
		check "agents answer" lab_wait 6 \
		    shows m1 'agent a .*state=up'
		check "who is up stays so" up_are a b
		check "the drain holds" shows d1 'server c .*state=draining'
		check "an operator's word counts" told_twice
		check "doctor compares clocks" doctor_tells_clocks $step
	done
	check "undrain" hopctl undrain server c
	clients_end
	row "the clock steps by hours and years: moved" \
	    $(($(grep -c ' -> down' "$dir/small/hopmanagerd.log") - downs)) \
	    0 ''
	check "no connection ended, though no certificate was good" test "$ends" = \
	    "$(grep -v control "$dir/small/hopdirectord.log" |
	    grep -c 'is gone')"
	check "all are up at the end" lab_wait 5 all_up
}

up_are()
{
	local s

	for s in "$@"; do
		shows d1 "server $s .*state=up" || return 1
	done
}

# The newest word wins, whatever the clock says now.
told_twice()
{
	hopctl drain server b &&
	    lab_wait 2 shows d1 'server b .*state=draining' &&
	    hopctl undrain server b &&
	    lab_wait 2 shows d1 'server b .*state=up'
}

# --- garbage ---

# Bytes to a port, as far as the other side takes them, within 2 s.
send()
{
	timeout 2 bash -c "exec 3<>/dev/tcp/127.0.0.1/$1 && cat >&3 && cat <&3"
}

# Bytes behind a hello that is fine.
say()
{
	timeout 2 "$bin/tests/lab/lines" -w nothing "$dir/$1.sock" "$2" garbage
}

garbage()
{
	local p

	for p in $front 26559 26560; do
		head -c 20000 /dev/urandom | send $p &
		head -c 100000 /dev/zero | tr '\0' x | send $p &
		printf '\026\003\001\002\000\001\000\001\374\003' | send $p &
	done
	for p in d1 m1 f1; do
		head -c 5000 /dev/urandom | say $p control &
		head -c 200000 /dev/zero | tr '\0' x | say $p frontend &
		yes 'bogus line' | head -200 | say $p control &
	done
	head -c 3000 /dev/urandom >"/dev/udp/127.0.0.1/$port"
	wait
}

test_garbage()
{
	clients_start
	(garbage) >"$dir/log/garbage" 2>&1
	(garbage) >>"$dir/log/garbage" 2>&1
	clients_end
	row "garbage on every socket: slowest answer" "$slowest" 1000 ms
	check "who sends it is told" grep -q '^error ' "$dir/log/garbage"
	check "the front end counts it" shows f1 '.*client-errors=[1-9]'
	check "all daemons are there" all_there
	check "all servers are up" all_up
}

all_there()
{
	local d

	for d in hopmanagerd hopdirectord hopfrontd hoploadd hoppingd; do
		alive $d || return 1
	done
}

# --- a manager's restart ---

# Said by the manager of a server since the line that says it is `synced`.
heard()
{
	awk -v s="$1" '
	/^hung up/ { told = "" }
	$1 == "state" && $2 == s { told = told " " $3 }
	END { print told }' "$dir/watch.log"
}

test_restart()
{
	local begin

	stop hopmanagerd
	config "<director id=\"watch\"><listen socket=\"$dir/watch.sock\"/>
	    </director>" >"$dir/hop.xml"
	start watch "$bin/tests/lab/lines" -l "$dir/watch.sock" director watch
	daemon_start hopmanagerd m1
	lab_wait 10 grep -q '^synced' "$dir/watch.log"
	lab_wait 5 shows m1 'server c .*state=up'
	hopctl drain server c >/dev/null
	lab_wait 5 grep -q '^state c draining' "$dir/watch.log"
	clients_start
	{ stop hopmanagerd KILL; } 2>/dev/null
	lab_wait 5 grep -q '^hung up' "$dir/watch.log"
	begin=$(lab_now)
	daemon_start hopmanagerd m1
	lab_wait 10 known_again || echo "not in time: known_again"
	took=$(since "$begin")
	sleep 1
	clients_end
	row "a manager restarts: directors know all again" "$took" 6000 ms
	note "a:$(heard a), b:$(heard b), c:$(heard c)"
	check "it never said unknown" not_heard unknown
	check "nor down" not_heard down
	check "nor that the drained one is up" \
	    grep -qx '\( draining\)*' <<<"$(heard c)"
	hopctl undrain server c >/dev/null
}

known_again()
{
	[ -n "$(heard c)" ] && sed '1,/^hung up/d' "$dir/watch.log" |
	    grep -q '^synced' &&
	    [ "$(rows m1 | grep -c '^row server .*state=up')" = 2 ]
}

not_heard()
{
	! sed '1,/^hung up/d' "$dir/watch.log" | grep "^state .* $1"
}

##############################################################################

printf '\0\0\0\0\0\0\0\0' >"$dir/clockstep"
(umask 077; printf 'auth %s\npriv %s\n' $pass $pass >"$dir/secret")
# Good for two days, of which the clock takes no notice while it is connected.
tls=$dir
tls_authority ca
tls_certificate host ca 2 manager director frontend
config >"$dir/hop.xml"
snmp_conf content-server manager border
start snmpd env LD_PRELOAD="$bin/tests/lab/clockstep.so" \
    CLOCKSTEP="$dir/clockstep" snmpd -f -LOw -I -smux,mteTrigger,mteTriggerConf
web_start
hoploadd_start
start hoppingd "$bin/hoppingd" --border ny --allow 127.0.0.0/8 \
    --agentx "$dir/agentx/master"
daemon_start hopdirectord d1
daemon_start hopmanagerd m1
daemon_start hopfrontd f1
check "all servers are up" lab_wait 15 all_up
check "clients are redirected" lab_wait 5 \
    redirects
test_disk
test_descriptors
test_clock
test_garbage
test_restart
row_table
exit $failed

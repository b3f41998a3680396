#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A thousand servers change their state at once, told by a collector and by a
# manager whose operator drains a site: how long it takes until directors and
# front ends know, and whether anybody waits for an answer meanwhile.
# lab: seconds=10

set -u
if [ "${X05_INSIDE:-}" != 1 ]; then
	[ "$(id -u)" = 0 ] || { echo "skip x05-burst: needs root"; exit 77; }
	unshare -n true 2>/dev/null ||
	    { echo "skip x05-burst: no network namespaces here"; exit 77; }
	X05_INSIDE=1 exec unshare -n "$0" "$@"
fi
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
snmp_begin nginx
for program in hopmanagerd hopdirectord hopfrontd hopctl tests/lab/load \
    tests/lab/lines; do
	[ -x "$bin/$program" ] || skip "needs $bin/$program (make lab-tools)"
done
LAB=$dir
mkdir "$dir/log" "$dir/tmp"
. "$top/tests/lab/rows.sh"
ip link set lo up
export HOPSCOTCH_RUN=$dir HOPSCOTCH_STATE=$dir
many=1000
web=8080

note()
{
	echo "    $*"
}

# s1 to s1000 are at la, t1 to t100 at ny.
config()
{
	local uses='' i

	cat <<-EOT
	<hopscotch xmlns="urn:hopscotch:config:1">
	<network><site id="ny"/><site id="la"/>
	<link between="ny la" delay="20ms"/></network>
	<policy id="p" slow-start="0s"><connections/></policy>
	EOT
	for ((i = 1; i <= many + 100; i++)); do
		server $i
		uses="$uses<use server=\"$name\"/>"
	done
	cat <<-EOT
	<service id="www" host="www.test" policy="p" port="$web">$uses
	<try type="tcp"/></service>
	<manager id="m1"><listen socket="$dir/m1.sock"/></manager>
	<director id="d1"><listen socket="$dir/d1.sock"/></director>
	<frontend id="f1" site="ny"><listen address="127.0.0.1" port="8001"/>
	<control socket="$dir/f1.sock"/></frontend>
	<frontend id="f2" site="la"><listen address="127.0.0.1" port="8002"/>
	<control socket="$dir/f2.sock"/></frontend>
	</hopscotch>
	EOT
}

server()
{
	local site=la

	name=s$1
	[ "$1" -le $many ] || { name=t$(($1 - many)); site=ny; }
	echo "<server id=\"$name\" site=\"$site\"><alias border=\"$site\"" \
	    "name=\"$name.test\" address=\"127.1.$(($1 / 250)).$(($1 % 250 + 1))\"/></server>"
}

web_start()
{
	local a

	{
		echo "daemon off; master_process off; pid $dir/nginx.pid;"
		echo "error_log stderr error; events { worker_connections 2000; }"
		echo "http { access_log off;"
		for a in client_body proxy fastcgi uwsgi scgi; do
			echo "${a}_temp_path $dir/tmp;"
		done
		echo "server { listen $web; return 200 'here'; } }"
	} >"$dir/nginx.conf"
	start nginx nginx -e stderr -c "$dir/nginx.conf"
}

daemon_start()
{
	local snmp=(--no-snmp)

	[ "$1" != hopdirectord ] || snmp=(--agentx "$dir/agentx/master")
	start "$2" "$bin/$1" -f "$dir/hop.xml" --id "$2" "${snmp[@]}"
}

within()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		sleep 0.02
	done
}

lab_now()
{
	echo $((${EPOCHREALTIME/./} / 1000))
}

clients_start()
{
	start load1 "$bin/tests/lab/load" 60 300 8 127.0.0.1 8001 www.test
	start load2 "$bin/tests/lab/load" 60 300 8 127.0.0.1 8002 www.test
}

clients_end()
{
	local r f s

	stop load1
	stop load2
	cat "$dir/load1.log" "$dir/load2.log" >"$dir/log/load.log"
	rm "$dir/load1.log" "$dir/load2.log"
	requests=0 failed_requests=0 slowest=0
	while read -r _ r _ f _ s; do
		requests=$((requests + r))
		failed_requests=$((failed_requests + f))
		[ "$s" -le $slowest ] || slowest=$s
	done < <(grep '^requests' "$dir/log/load.log")
}

status()
{
	echo status | "$bin/tests/lab/lines" -w "done" "$dir/$1.sock" control x05
}

# states STATE N: so many servers of the director
states()
{
	[ "$(status d1 | grep -c "^row server .*state=$1")" = "$2" ]
}

# What a front end that watches has heard: N lines `gone`.
gone()
{
	[ "$(grep -c '^gone ' "$dir/front.log")" -ge "$1" ]
}

# snmpget all the while: the longest wait in ms.
watch_snmp()
{
	local begin took most=0

	while [ -e "$dir/watching" ]; do
		begin=$(lab_now)
		readable $P.1.4.1.2.0 || most=9999
		took=$(since "$begin")
		[ "$took" -le $most ] || most=$took
		echo $most >"$dir/snmp"
	done
}

burst()
{
	local i

	for ((i = 1; i <= many; i++)); do
		echo "state s$i $1 lab"
	done
}

test_collector()
{
	local begin

	mkfifo "$dir/fifo"
	"$bin/tests/lab/lines" "$dir/d1.sock" collector shell \
	    <"$dir/fifo" >"$dir/shell.log" 2>&1 &
	pids[shell]=$!
	exec 8>"$dir/fifo"
	echo "load t1 5000" >&8
	within 5 states up $((many + 100))
	clients_start
	burst down >"$dir/burst"
	sleep 0.5
	begin=$(lab_now)
	cat "$dir/burst" >&8
	within 10 states down $many || echo "not in time"
	director=$(since "$begin")
	within 10 gone $many || echo "not in time"
	took=$(since "$begin")
	sleep 0.5
	burst up >&8
	within 10 states up $((many + 100))
	sleep 0.5
	clients_end
	row "1000 go down in a burst: the director knows" "$director" 1000 ms
	row "1000 go down in a burst: front ends know" "$took" 1500 ms
	row "1000 go down and up: slowest answer" "$slowest" 300 ms
	exec 8>&-
	stop shell
}

test_manager()
{
	local begin

	: >"$dir/front.log"
	daemon_start hopmanagerd m1
	check "the manager knows all servers to be up" within 20 manager_knows
	clients_start
	sleep 0.5
	begin=$(lab_now)
	check "a site of 1000 servers is drained" "$bin/hopctl" drain \
	    -f "$dir/hop.xml" site la
	within 10 states draining $many || echo "not in time"
	director=$(since "$begin")
	within 10 gone $many || echo "not in time"
	took=$(since "$begin")
	"$bin/hopctl" undrain -f "$dir/hop.xml" site la >/dev/null
	within 10 states up $((many + 100))
	sleep 0.5
	clients_end
	row "a site of 1000 is drained: the director knows" "$director" 1000 ms
	row "a site of 1000 is drained: front ends know" "$took" 1500 ms
	row "drained and undrained: slowest answer" "$slowest" 300 ms
}

manager_knows()
{
	[ "$(status m1 | grep -c '^row server .*state=up')" = $((many + 100)) ]
}

nobody_was_cut_off()
{
	! grep -E 'cut off|does not read|hung up on|down \((silent|disconnected)' \
	    "$dir"/{d1,f1,f2,m1}.log | grep -v 'shell'
}

config >"$dir/hop.xml"
snmp_conf manager
snmpd_start
web_start
daemon_start hopdirectord d1
daemon_start hopfrontd f1
daemon_start hopfrontd f2
within 5 status d1
start front "$bin/tests/lab/lines" "$dir/d1.sock" frontend watcher
check "the director's objects are there" back 10 $P.1.4.1.2.0
touch "$dir/watching"
watch_snmp &
watcher=$!
test_collector
test_manager
rm "$dir/watching"
wait $watcher
no_clients
row "all the while: slowest snmpget of the director" \
    "$(cat "$dir/snmp")" 1000 ms
check "nobody was cut off" nobody_was_cut_off
row_table
exit $failed

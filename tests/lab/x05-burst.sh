#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A thousand servers change their state at once, told by a collector and by a
# manager whose operator drains a site: how long it takes until directors and
# front ends know, and whether anybody waits for an answer meanwhile.
# lab: seconds=10

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
own_network
snmp_begin nginx
built hopmanagerd hopdirectord hopfrontd hopctl tests/lab/{load,lines}
LAB=$dir
mkdir "$dir/log"
. "$top/tests/lab/rows.sh"
many=1000
web=8080

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
	web_conf "$dir" <<<"server { listen $web; return 200 'here'; }"
	start nginx nginx -e stderr -c "$dir/nginx.conf"
}

daemon_start()
{
	local snmp=(--no-snmp)

	[ "$1" != hopdirectord ] || snmp=(--agentx "$dir/agentx/master")
	start "$2" "$bin/$1" -f "$dir/hop.xml" --id "$2" "${snmp[@]}"
}

clients_start()
{
	start load1 "$bin/tests/lab/load" 60 300 8 127.0.0.1 8001 www.test
	start load2 "$bin/tests/lab/load" 60 300 8 127.0.0.1 8002 www.test
}

clients_end()
{
	stop load1
	stop load2
	load_figures "$dir/load1.log" "$dir/load2.log"
}

# states STATE N: so many servers of the director
states()
{
	[ "$(rows d1 | grep -c "^row server .*state=$1")" = "$2" ]
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
	local begin burst

	feed shell "$dir/d1.sock" collector shell
	to shell "load t1 5000"
	lab_wait 5 states up $((many + 100))
	clients_start
	burst=$(burst down)
	sleep 0.5
	begin=$(lab_now)
	to shell "$burst"
	lab_wait 10 states down $many || echo "not in time"
	director=$(since "$begin")
	lab_wait 10 gone $many || echo "not in time"
	took=$(since "$begin")
	sleep 0.5
	to shell "$(burst up)"
	lab_wait 10 states up $((many + 100))
	sleep 0.5
	clients_end
	row "1000 go down in a burst: the director knows" "$director" 1000 ms
	row "1000 go down in a burst: front ends know" "$took" 1500 ms
	row "1000 go down and up: slowest answer" "$slowest" 300 ms
	cut_off shell
}

test_manager()
{
	local begin

	: >"$dir/front.log"
	daemon_start hopmanagerd m1
	check "the manager knows all servers to be up" lab_wait 20 manager_knows
	clients_start
	sleep 0.5
	begin=$(lab_now)
	check "a site of 1000 servers is drained" "$bin/hopctl" drain \
	    -f "$dir/hop.xml" site la
	lab_wait 10 states draining $many || echo "not in time"
	director=$(since "$begin")
	lab_wait 10 gone $many || echo "not in time"
	took=$(since "$begin")
	"$bin/hopctl" undrain -f "$dir/hop.xml" site la >/dev/null
	lab_wait 10 states up $((many + 100))
	sleep 0.5
	clients_end
	row "a site of 1000 is drained: the director knows" "$director" 1000 ms
	row "a site of 1000 is drained: front ends know" "$took" 1500 ms
	row "drained and undrained: slowest answer" "$slowest" 300 ms
}

manager_knows()
{
	[ "$(rows m1 | grep -c '^row server .*state=up')" = $((many + 100)) ]
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
lab_wait 5 rows d1
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

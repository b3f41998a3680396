#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Paths from a client's first request to the director: a real snmpd with two
# hoppingd in contexts of their own, two managers, a director, on loopback
# addresses of a network namespace. What is measured by how much is looked at
# elsewhere (w01-wan); here everything that can stop or restart does so.

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
own_network
built hopmanagerd hopdirectord hoppingd hopctl tests/lab/lines

snmp_begin ip nginx

# A network that swallows what is sent there.
ip link add hole0 type veth peer name hole1
ip link set hole0 up
ip link set hole1 up
ip addr add 198.51.100.1/24 dev hole0
ip neigh add 198.51.100.9 lladdr 02:00:00:00:00:09 dev hole0 nud permanent

config()
{
	cat >"$dir/hopscotch.xml" <<-EOF
	<hopscotch xmlns="urn:hopscotch:config:1">
	  <network>
	    <site id="ny"/><site id="la"/>
	    <link between="ny la" delay="20ms"/>
	    <prober border="ny" address="127.0.0.1" port="$port" context="ny"
	        user="${1:-hopmgr}"/>
	    <prober border="la" address="127.0.0.1" port="$port" context="la"/>
	  </network>
	  <snmp-user id="hopmgr" secret="secret"/>
	  <snmp-user id="hopnms" secret="secret"/>
	  <policy id="near"><path/></policy>
	  <server id="a" site="ny"><alias border="ny" name="a.test"
	      address="127.0.0.1"/></server>
	  <server id="b" site="la"><alias border="la" name="b.test"
	      address="127.0.0.1"/></server>
	  <service id="www" host="www.test" policy="near" wait="400ms">
	    <use server="a"/><use server="b"/><try port="8080"/>
	  </service>
	  <manager id="m1" probe-fresh="4s"/>
	  <manager id="m2" probe-fresh="4s"/>
	  <director id="d1" fresh="4s"/>
	</hopscotch>
	EOF
}

hoppingd_start()
{
	local border=$1

	shift
	start "ping-$border" "$bin/hoppingd" --border "$border" \
	    --context "$border" --agentx "$dir/agentx/master" \
	    --allow 127.0.0.0/8,198.51.100.0/24 --deny 127.9.0.0/16 "$@"
}

manager_start()
{
	local snmp=(--agentx "$dir/agentx/master")

	# Two on one snmpd would need contexts.
	[ "$1" = m1 ] || snmp=(--no-snmp)
	start "$1" "$bin/hopmanagerd" -f "$dir/hopscotch.xml" --id "$1" \
	    "${snmp[@]}"
}

# until_row SECONDS DAEMON TABLE ID KEY VALUE
until_row()
{
	local begin=${EPOCHREALTIME/./} limit=$1 got=

	shift
	while [ $((${EPOCHREALTIME/./} - begin)) -lt $((limit * 1000000)) ]; do
		got=$(row_value "$1" "$2" "$3" "$4")
		if [ "$got" = "$5" ]; then
			echo "$(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
			return 0
		fi
		sleep 0.1
	done
	echo "$2 $3 $4 is \"$got\", not \"$5\", after $limit s"
	rows "$1" | grep "^row $2"
	return 1
}

# ask CLIENT: the answer of the director, and how long it took in ms.
ask()
{
	local begin=${EPOCHREALTIME/./}

	answer=$(echo "ask 1 www ny $1" | "$bin/tests/lab/lines" -w best \
	    "$dir/hopdirectord-d1.sock" frontend f1 2>/dev/null)
	took=$(((${EPOCHREALTIME/./} - begin) / 1000))
	echo "$took ms: $answer"
	case $answer in *best*) return 0 ;; esac
	return 1
}

# pings CLIENT: the values of the borders, in the order ny la.
pings()
{
	until=explained tell hopdirectord-d1 "explain www ny $1" 2>/dev/null |
	    awk '$1 == "border" { printf "%s ", $5 }'
}

# measured CLIENT PATTERN [SECONDS]: until its values look like this.
measured()
{
	local i got

	for i in $(seq $((${3:-1} * 10))); do
		got=$(pings "$1")
		[[ $got =~ ^$2$ ]] && echo "$got" && return 0
		sleep 0.1
	done
	echo "pings of $1 are \"$got\", not $2"
	return 1
}

asked_and_measured()
{
	ask "$1" && [ "$took" -lt 400 ] && measured "$1" "$2"
}

web_conf "$dir" <<<'server { listen 127.0.0.1:8080; return 204; }'
start nginx nginx -e stderr -c "$dir/nginx.conf"

both='[0-9]+ [0-9]+ '
printf 'auth %s\npriv %s\n' "$pass" "$pass" >"$dir/secret"
chmod 600 "$dir/secret"
snmp_conf border manager
config
snmpd_start
hoppingd_start ny --canary 127.0.0.50
hoppingd_start la --canary 127.0.0.51
start d1 "$bin/hopdirectord" -f "$dir/hopscotch.xml" --id d1 \
    --agentx "$dir/agentx/master"
manager_start m1
manager_start m2

check "probers are found" until_row 15 hopmanagerd-m1 prober ny state up
check "both of them" until_row 15 hopmanagerd-m1 prober la state up
check "their uplinks too" until_row 15 hopmanagerd-m1 prober la uplink up
check "the director takes paths from the manager" \
    until_row 15 hopdirectord-d1 feed m1 state up
sleep 1
check "a new client waits for its values, and less than it may" \
    asked_and_measured 127.1.1.1 "$both"
check "the second client of its prefix does not wait" \
    asked_and_measured 127.1.1.2 "$both"

silent()
{
	ask 198.51.100.9 && measured 198.51.100.9 '(- |9999999 )+' 2 &&
	    case $answer in *" ny "*) ;; *) false ;; esac
}
check "a silent client is served near its contact" silent
check "no reply is told as such" measured 198.51.100.9 '(- - |9999999 9999999 )' 15

refused()
{
	ask 127.9.0.1
	until_row 5 hopmanagerd-m1 prober ny refused 1
}
check "a refused address is counted" refused
check "and is not measured" measured 127.9.0.1 '- - '

in_use()
{
	local before now i

	before=$(row_value hopmanagerd-m1 probing all windows)
	for i in $(seq 20); do
		ask 127.1.1.1 >/dev/null
		sleep 0.5
	done
	now=$(row_value hopmanagerd-m1 probing all windows)
	echo "windows: $before, then $now"
	[ "$now" -gt "$before" ] && [ "$now" -lt $((before + 8)) ]
}
check "what is in use is measured again, and not too often" in_use

other_manager()
{
	rows hopmanagerd-m2 | grep '^row probing'
	[ "$(row_value hopmanagerd-m2 probing all wants)" = 0 ] &&
	    [ "$(row_value hopmanagerd-m2 probing all prefixes)" -ge 2 ] &&
	    [ "$(row_value hopmanagerd-m2 prober ny orders)" = 0 ]
}
check "the second manager knows what the first has measured" other_manager

# reload DAEMON...: all take what stands in the file.
reload()
{
	local d

	for d; do
		tell "$d" reload 2>/dev/null | grep '^done ' || return
	done
}

prober()
{
	row_value hopmanagerd-m1 prober "$1" "$2"
}

# The order of the borders changes, one comes without a prober: the values
# move, and neither journal nor session begins anew.
borders_move()
{
	local results restarts

	results=$(prober ny results)
	restarts=$(prober ny restarts)
	sed -i -e 's|<site id="ny"/><site id="la"/>|<site id="la"/><site id="ny"/>\
	    <border id="nyb" site="ny"/>|' "$dir/hopscotch.xml"
	ask 127.1.1.1
	reload hopmanagerd-m1 hopdirectord-d1 hopmanagerd-m2 || return
	measured 127.1.1.1 '[0-9]+ [0-9]+ - ' 2 || return
	[ "$(prober ny state)" = up ] && [ "$(prober la state)" = up ] &&
	    [ "$(prober ny restarts)" = "$restarts" ] &&
	    [ "$(prober ny missing)" = 0 ] &&
	    [ $(($(prober ny results) - results)) -le 20 ]
}
check "paths stay with their borders over a reload" borders_move
check "a new client is measured in the new order" \
    asked_and_measured 127.7.7.7 '[0-9]+ [0-9]+ - '

prober_goes()
{
	local results

	results=$(prober ny results)
	sed -i '/<prober border="la"/d' "$dir/hopscotch.xml"
	reload hopmanagerd-m1 || return
	[ -z "$(prober la state)" ] && [ "$(prober ny state)" = up ] &&
	    measured 127.1.1.1 '- [0-9]+ - ' 5 &&
	    [ $(($(prober ny results) - results)) -le 20 ]
}
check "a prober that a reload takes away leaves no values" prober_goes
no_prober()
{
	sed -i '/<prober border="ny"/,/<prober /{/user=/d;/<prober/d}' \
	    "$dir/hopscotch.xml"
	! grep '<prober' "$dir/hopscotch.xml" && reload hopmanagerd-m1 &&
	    ! rows hopmanagerd-m1 | grep '^row prob'
}
check "nor does the last one" no_prober
config
check "as it was at first" reload hopmanagerd-m1 hopdirectord-d1 hopmanagerd-m2
check "the probers are back" until_row 15 hopmanagerd-m1 prober la state up
check "the director has paths of the manager again" \
    until_row 15 hopdirectord-d1 feed m1 state up
values_back()
{
	local i

	for i in $(seq 60); do
		ask 127.1.1.1 >/dev/null
		[[ $(pings 127.1.1.1) =~ ^$both$ ]] && return 0
		sleep 0.5
	done
	pings 127.1.1.1
	return 1
}
check "and values of both" values_back

stop ping-la KILL
check "a prober that dies is down" \
    until_row 8 hopmanagerd-m1 prober la state down
check "its pings become unmeasured" measured 127.1.1.1 '[0-9]+ - ' 5
check "its border stays up" until_row 1 hopdirectord-d1 border la state up
check "a new client is served and measured from the other" \
    asked_and_measured 127.2.2.2 '[0-9]+ - '

hoppingd_start la --canary 127.0.0.51
check "a prober that is back is up" \
    until_row 20 hopmanagerd-m1 prober la state up
check "clients in use are measured there again" values_back

stop ping-ny KILL
hoppingd_start ny --canary 127.0.0.50
check "a restart is seen by the epoch" \
    until_row 10 hopmanagerd-m1 prober ny restarts 1
check "and clients go on being measured" values_back

stop ping-la KILL
hoppingd_start la --canary 198.51.100.9
until_row 20 hopmanagerd-m1 prober la state up >/dev/null
check "an uplink without replies takes its border out" \
    until_row 6 hopdirectord-d1 border la reason uplink-silent
stop ping-la KILL
hoppingd_start la --canary 127.0.0.51
check "and one with replies brings it back" \
    until_row 20 hopdirectord-d1 border la state up
check "the second manager knows its prober too" \
    until_row 20 hopmanagerd-m2 prober la state up

stop m1 KILL
check "without the first manager the second one tells paths" \
    until_row 10 hopdirectord-d1 feed m2 state up
check "and measures what is wanted" asked_and_measured 127.3.3.3 "$both"
manager_start m1
until_row 15 hopmanagerd-m1 prober ny state up >/dev/null
check "a manager that comes back reads what was measured" \
    until_row 10 hopmanagerd-m1 probing all wants 0
knows()
{
	local i

	for i in $(seq 50); do
		[ "$(row_value hopmanagerd-m1 probing all prefixes)" -ge 2 ] &&
		    return 0
		sleep 0.2
	done
	rows hopmanagerd-m1 | grep '^row prob'
	return 1
}
check "from the journals" knows

stop ping-ny KILL
start ping-ny "$bin/hoppingd" --border nyc --context ny \
    --agentx "$dir/agentx/master" --allow 127.0.0.0/8
check "a prober of another border is told apart" \
    until_row 15 hopmanagerd-m1 prober ny reason pings-for-another-border
stop ping-ny KILL
hoppingd_start ny --canary 127.0.0.50

stop m1
stop m2
config hopnms
manager_start m1
until_row 15 hopmanagerd-m1 prober ny state up >/dev/null
no_rights()
{
	ask 127.4.4.4
	until_row 5 hopmanagerd-m1 prober ny reason agent-security
	rows hopmanagerd-m1 | grep '^row prober ny'
	row_value hopmanagerd-m1 prober ny problem | grep "may.*not.*SET"
}
check "a user who may not SET is told so" no_rights

P_manager=$P.1.3
walk()
{
	as hopnms snmpbulkwalk -Oqn "$P_manager.$1" | tee "$dir/walk"
	[ "$(wc -l <"$dir/walk")" -ge "$2" ]
}
back 10 "$P_manager.3.1.0"
check "the manager's paths are served" walk 3 14
check "and its probers" walk 7 24
exit $failed

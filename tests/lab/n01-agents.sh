#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# One service on servers of all kinds: with hoploadd, with a plain snmpd as
# Debian has it, with one that shows no objects of UCD's, and without an agent.
# Live clients come while services die, snmpds are restarted and the manager
# reads other configurations; then two managers read them one after the other.
# lab: seconds=50

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=lab-n01-agents
LAB_PREFIX=hop-m-
. "$here/lib.sh"
. "$here/load.sh"

auth='a-long-passphrase'
priv='another-passphrase'
SERVERS="ours plain storage none"
export MIBS='' HOPSCOTCH_RUN HOPSCOTCH_STATE

address_of()
{
	case $1 in
	ours) echo 10.9.0.1 ;;
	plain) echo 10.9.0.2 ;;
	storage) echo 10.9.0.3 ;;
	none) echo 10.9.0.4 ;;
	brain) echo 10.9.0.10 ;;
	extra) echo 10.9.0.5 ;;
	clients) echo 10.9.0.20 ;;
	esac
}

# write_snmpd HOST: what Debian ships, but for the address, and what doc/snmp.md
# adds; the view of `storage` has nothing of UCD's.
write_snmpd()
{
	local d=$LAB/host/$1

	mkdir -p "$d/persist"
	cat >"$d/snmpd.conf" <<-EOF
	sysLocation    Sitting on the Dock of the Bay
	sysContact     Me <me@example.org>
	sysServices    72
	master  agentx
	agentXSocket $d/agentx
	agentaddress  $(address_of "$1")
	view   systemonly  included   .1.3.6.1.2.1.1
	view   systemonly  included   .1.3.6.1.2.1.25.1
	rocommunity  public default -V systemonly
	rouser authPrivUser authpriv -V systemonly
	group  hopManager  usm hopmgr
	view   hopPolled   included .1.3.6.1.4.1.8072.9999.9999.26559
	view   hopPolled   included .1.3.6.1.2.1.1
	view   hopPolled   included .1.3.6.1.2.1.6
	view   hopPolled   included .1.3.6.1.2.1.25
	access hopManager  "" usm priv prefix hopPolled none none
	EOF
	[ "$1" = storage ] || echo \
	    "view hopPolled included .1.3.6.1.4.1.2021" >>"$d/snmpd.conf"
	echo "createUser hopmgr SHA-256 $auth AES $priv" \
	    >"$d/persist/snmpd.conf"
}

start_snmpd()
{
	lab_start "snmpd-$1" "$1" env SNMP_PERSISTENT_DIR="$LAB/host/$1/persist" \
	    SNMPCONFPATH="$LAB/host/$1" snmpd -f -LOw -C \
	    -c "$LAB/host/$1/snmpd.conf,$LAB/host/$1/persist/snmpd.conf" \
	    -I -smux,mteTrigger,mteTriggerConf
}

start_nginx()
{
	web_conf "$LAB/host/$1" <<<"keepalive_timeout 600;
	    server { listen $(address_of "$1"):80; return 200 hello; }"
	lab_start "nginx-$1" "$1" nginx -e stderr \
	    -c "$LAB/host/$1/nginx.conf"
}

# agent HOST [KIND]: its <agent>
agent()
{
	[ "${2:-none}" = none ] ||
	    echo "<agent kind=\"$2\" address=\"$(address_of "$1")\"/>"
}

# write_conf [PLAIN [STORAGE]]: with agents of these kinds there
write_conf()
{
	local s kind

	printf 'auth %s\npriv %s\n' $auth $priv >"$LAB/etc/secret"
	chmod 600 "$LAB/etc/secret"
	{
		cat <<-EOF
		<hopscotch xmlns="urn:hopscotch:config:1" domain="test.com">
		<network><site id="ny"/></network>
		<policy id="p"><connections/><ram/><swap/><cpu/></policy>
		<snmp-user id="hopmgr" secret="secret"/>
		EOF
		for s in $SERVERS ${EXTRA:-}; do
			case $s in
			ours) kind=hopscotch ;;
			plain) kind=${1:-standard} ;;
			storage) kind=${2:-standard} ;;
			*) kind=none ;;
			esac
			echo "<server id=\"$s\" site=\"ny\"><alias border=\"ny\""
			echo "name=\"$s.test.com\" address=\"$(address_of $s)\"/>"
			echo "$(agent $s $kind)</server>"
		done
		# shellcheck disable=SC2086 # words
		cat <<-EOF
		<service id="www" host="www.test.com" policy="p">
		$(printf '<use server="%s"/>' $SERVERS ${EXTRA:-})
		<try type="http" path="/"/></service>
		<manager id="m1"><listen socket="$LAB/run/manager.sock"/></manager>
		<manager id="m2"><listen socket="$LAB/run/second.sock"/></manager>
		<director id="d1"><listen socket="$LAB/run/director.sock"/></director>
		<frontend id="f1" site="ny">
		<listen address="$(address_of brain)" port="80"/></frontend>
		</hopscotch>
		EOF
	} >"$LAB/etc/next.xml"
	mv "$LAB/etc/next.xml" "$LAB/etc/hop.xml"
}

start_all()
{
	local h

	for h in ours plain storage; do
		write_snmpd $h
		start_snmpd $h
	done
	for h in $SERVERS; do
		start_nginx $h
	done
	lab_start hoploadd ours "$LAB_BUILD/hoploadd" \
	    --agentx "$LAB/host/ours/agentx" --check \
	    "www=http://$(address_of ours)/"
	lab_start manager brain "$LAB_BUILD/hopmanagerd" -f "$LAB/etc/hop.xml" \
	    --id m1 --no-snmp
	lab_start director brain "$LAB_BUILD/hopdirectord" \
	    -f "$LAB/etc/hop.xml" --id d1 --no-snmp
	lab_start front brain "$LAB_BUILD/hopfrontd" -f "$LAB/etc/hop.xml" \
	    --id f1 --no-snmp
}

is()
{
	local value

	value=$(row_value "$1" "$2" "$3" "$4")
	echo "$1: $2 $3: $4 is '$value', wanted '$5'"
	[ "$value" = "$5" ]
}

all_are()
{
	local s

	for s in $SERVERS; do
		is "$1" server "$s" state "$2" || return 1
	done
}

# near A B PERCENT: of B, and a little
near()
{
	echo "$1 is to be $2, give or take $3 %"
	awk -v a="$1" -v b="$2" -v p="$3" 'BEGIN {
		d = a > b ? a - b : b - a
		exit !(a != "" && d <= b * p / 100 + 2)
	}'
}

clients_start()
{
	rm -f "$LAB/log/load.log"
	lab_start load clients "$LAB_BUILD/tests/lab/load" 60 200 8 \
	    "$(address_of brain)" 80 www.test.com
}

clients_end()
{
	lab_signal load TERM
	lab_wait 5 lab_dead load
}

# Whether the front end has drawn it lately.
connected()
{
	local drawn

	drawn=$(row_value director server "$1" drawn)
	[ "${drawn:-0}" -gt 0 ]
}

mark()
{
	marked=$(wc -l <"$LAB/log/manager.log")
}

said()
{
	tail -n "+$((marked + 1))" "$LAB/log/manager.log" | grep -E "$1"
}

nobody_moved()
{
	! said ' of www: .* -> '
}

##############################################################################

ram_is()
{
	local kib

	kib=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)
	near "$(row_value manager server "$1" ram | cut -d/ -f1)" \
	    $((kib / 1024)) 4
}

total_is()
{
	local kib

	kib=$(awk -v w="$2:" '$1 == w { print $2 }' /proc/meminfo)
	near "$(row_value manager server "$1" "$3" | cut -d/ -f2)" \
	    $((kib / 1024)) 1
}

# What the kernel counts in that host's namespace, as TCP-MIB says it.
connections_are()
{
	local there

	there=$(lab_run "$1" awk '$1 == "Tcp:" { n = $10 } END { print n }' \
	    /proc/net/snmp)
	echo "$there in /proc/net/snmp"
	[ "$there" -ge "$2" ] &&
	    near "$(row_value manager server "$1" connections)" "$there" 10
}

ticks()
{
	awk '$1 == "cpu" {
		for (i = 2; i <= 9; i++) sum += $i
		print $5, sum
	}' /proc/stat
}

# The idle share of this machine now, over as long as Net-SNMP takes for it.
cpu_is()
{
	local idle sum idle2 sum2

	read -r idle sum < <(ticks)
	sleep 5
	read -r idle2 sum2 < <(ticks)
	idle=$(((idle2 - idle) * 100 / (sum2 - sum)))
	echo "idle $idle %, as /proc/stat says"
	awk -v a="$(row_value manager server "$1" cpu)" -v b=$idle \
	    'BEGIN { d = a > b ? a - b : b - a; exit !(a != "" && d <= 30) }'
}

lower()
{
	local a b

	a=$(row_value manager server "$1" load)
	b=$(row_value manager server "$2" load)
	echo "load of $1 is $a, of $2 $b"
	[ "$a" -gt 0 ] && [ "$a" -lt $((b / 2)) ]
}

test_loads()
{
	check "servers with all kinds of agents are up" \
	    lab_wait 15 all_are manager up
	check "at the director too" lab_wait 3 all_are director up
	[ $failed = 0 ] || exit 1 # nothing below makes sense
	check "one with hoploadd by its check" \
	    is manager server ours reason check-ok
	check "one with a plain snmpd by a try of the manager" \
	    is manager server plain reason service-answers
	check "one without an agent too" \
	    is manager server none reason service-answers
	lab_start fill clients "$LAB_BUILD/tests/lab/fill" 120 60 \
	    "$(address_of plain)" 80 www.test.com
	check "connections of a plain snmpd are those of the kernel" \
	    lab_wait 12 connections_are plain 60
	check "a server that fills has the lower load" \
	    lab_wait 8 lower plain ours
	check "without UCD's objects connections are there" \
	    lab_wait 5 connections_are storage 0
	check "free memory by UCD's objects" lab_wait 6 ram_is plain
	check "by HOST-RESOURCES-MIB" lab_wait 6 ram_is storage
	check "by hoploadd" lab_wait 6 ram_is ours
	check "all of it" total_is plain MemTotal ram
	check "all of it by HOST-RESOURCES-MIB" total_is storage MemTotal ram
	check "swap by HOST-RESOURCES-MIB" total_is storage SwapTotal swap
	check "swap" total_is plain SwapTotal swap
	check "CPU idle is that of the machine" lab_wait 12 cpu_is plain
	check "CPU that is not known yet is not told" \
	    is manager server storage cpu ""
	check "a server without an agent goes by its weight" \
	    is manager server none load by-weight
	lab_signal fill TERM
}

test_deaths()
{
	local begin took s

	for s in plain none; do
		clients_start
		check "clients are sent to $s" lab_wait 5 connected "$s"
		begin=$(lab_now)
		lab_kill "nginx-$s"
		check "when its service dies it is down at the director" \
		    lab_wait 6 is director server $s state down
		sleep 0.5
		clients_end
		took=$(($(last_sent $s) - begin))
		note "last client sent there after $took ms"
		check "nobody is sent there after 5 s" test $took -le 5000
		check "no client was refused" no_request_failed
		start_nginx $s
	done
	check "both are up again" lab_wait 15 all_are manager up
}

agents_up()
{
	local s

	for s in ours plain storage; do
		is manager agent $s state up || return 1
	done
}

has_cpu()
{
	row_value manager server "$1" cpu | grep -q .
}

test_restart()
{
	local s

	mark
	for s in plain storage ours; do
		lab_stop "snmpd-$s"
		start_snmpd $s
	done
	lab_wait 3 said 'agent of plain: up -> down'
	check "all agents answer again after their snmpds were restarted" \
	    lab_wait 20 agents_up
	check "memory is known again" lab_wait 5 ram_is storage
	check "and CPU" lab_wait 12 has_cpu plain
	check "nobody moved" nobody_moved
}

reload()
{
	mark
	lab_signal manager HUP
	lab_wait 5 said 'reloaded in'
}

no_agent()
{
	! shows manager 'agent plain '
}

oldest_sample()
{
	local s age most=0

	for s in ours plain; do
		age=$(row_value manager server $s age-ms)
		[ "${age:--}" != - ] && [ "$age" -gt $most ] && most=$age
	done
	echo $most
}

test_reload()
{
	local most=0 age pid

	pid=$(lab_pid manager)
	clients_start
	write_conf none
	check "a configuration in which one has lost its agent" reload
	check "shows no agent there" no_agent
	check "its load is by weight" \
	    lab_wait 3 is manager server plain load by-weight
	check "nobody moved" nobody_moved
	write_conf standard hopscotch
	check "another, with an agent of the wrong kind" reload
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		age=$(oldest_sample)
		[ "$age" -le $most ] || most=$age
		sleep 0.3
	done
	note "the oldest sample during a reload: $most ms"
	check "no sample gets stale" test "$most" -le 5000
	check "that one's agent has no objects, and it stays up" \
	    lab_wait 8 is manager agent storage reason agent-no-objects
	write_conf
	check "as it was at first" reload
	check "all agents answer" lab_wait 8 agents_up
	check "nobody moved" nobody_moved
	echo '<hopscotch' >"$LAB/etc/hop.xml"
	mark
	lab_signal manager HUP
	check "a bad one is refused" lab_wait 5 said 'reload refused'
	check "and changes nothing" all_are manager up
	write_conf
	sed -i 's/manager id="m1"/manager id="m3"/' "$LAB/etc/hop.xml"
	check "one without this manager is refused" is_not_there
	check "the manager is the same process" \
	    test "$pid" = "$(lab_pid manager)" -a -d "/proc/$pid"
	clients_end
	check "no client was refused meanwhile" no_request_failed
}

skewed()
{
	is manager manager m2 skewed "$1" && is second manager m1 skewed "$1" &&
	    is manager feed d1 skewed "$2"
}

skew_is_said_once()
{
	local n

	n=$(said 'manager m2 at .* different configuration' | wc -l)
	echo "said $n times"
	[ "$n" = 1 ] && said 'manager m2 at .* same configuration again'
}

is_not_there()
{
	tell manager reload status | grep -v '^row ' |
	    tee "$LAB/refused"
	grep -q '^error it has no <manager id="m1"> any more' "$LAB/refused"
}

read_anew()
{
	tell "$1" reload | grep '^done '
}

# A server comes and goes; managers and director hear of it in all orders.
test_managers()
{
	local HOPSCOTCH_STATE=$LAB/state2

	mkdir "$LAB/state2"
	start_nginx extra
	write_conf
	check "a good one again" read_anew manager
	lab_start second brain "$LAB_BUILD/hopmanagerd" -f "$LAB/etc/hop.xml" \
	    --id m2 --no-snmp
	check "a second manager is there" \
	    lab_wait 5 is manager manager m2 state up
	mark
	EXTRA=extra write_conf
	check "the first one reads of a new server" read_anew manager
	check "that others have another configuration is shown" \
	    lab_wait 4 skewed yes yes
	check "the operator drains it" \
	    tell manager 'admin server extra draining 0 me new'
	check "the second one keeps that" \
	    lab_wait 3 is second admin extra configured no
	check "the director reads of it" read_anew director
	check "and has it draining" \
	    lab_wait 4 is director server extra state draining
	check "the second one reads of it" read_anew second
	check "where it is draining" \
	    lab_wait 3 is second server extra state draining
	check "all have the same again" lab_wait 4 skewed no no
	check "which was said once" skew_is_said_once
	check "an undrain" tell manager 'admin server extra enabled 0 me -'
	check "it comes up" lab_wait 8 is director server extra state up
	write_conf
	check "the first one reads that it has gone" read_anew manager
	check "a director that has not sends nobody there" \
	    lab_wait 3 is director server extra reason not-in-service
	check "the word about it is kept" \
	    is manager admin extra configured no
	check "the director reads that too" read_anew director
	check "all others are up" all_are director up
}

lab_begin snmpd nginx jq
built hopmanagerd hopdirectord hopfrontd hoploadd tests/lab/{load,fill,lines}
HOPSCOTCH_RUN=$LAB/run HOPSCOTCH_STATE=$LAB/state
ip -n "${LAB_PREFIX}net" link add br0 type bridge
ip -n "${LAB_PREFIX}net" link set br0 up
for h in $SERVERS extra brain clients; do
	lab_host $h br0 "$(address_of $h)"
done
write_conf
start_all
test_loads
test_deaths
test_restart
test_reload
test_managers
lab_stop second
lab_stop manager
check "the managers end without a complaint" sh -c \
    "! grep -E 'ERROR|runtime error|Sanitizer' '$LAB/log/'{manager,second}.log"
exit $failed

# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The networks between the hosts of the farm; sourced after lib.sh. Inside: a
# segment at each site, joined by an emulator that switches frames with the
# delays of the links. Outside: client networks, joined to the sites' borders
# by an emulator that routes packets. Both are tests/lab/wan.c.
#
#	wan_inside FILE             segments br-SITE; links as in this config
#	wan_outside                 before borders and clients
#	wan_border SITE ADDRESS...  its outer interface, and these addresses
#	wan_client NAME PLACE ADDRESS...   a host of the outside
#	wan_route PREFIX NAME       who is reached by which border or client
#	wan_start                   both emulators; then:
#	wan_set FROM TO WHAT...     change a path of the outside, see paths.h
#	wan_stamps                  the file of the outside's stamps, complete

WAN_MAC=02:00:00:00:00:01 # of all interfaces to the outside, see wan.c

wan_quiet_ns()
{
	ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
	    net.ipv6.conf.default.disable_ipv6=1
}

wan_inside()
{
	local net=${LAB_PREFIX}net s

	wan_quiet_ns "$net"
	for s in $FARM_SITES; do
		{
			echo "link add br-$s type bridge"
			echo "link add up-$s type veth peer name core-$s"
			echo "link set up-$s master br-$s up"
			echo "link set core-$s up"
			echo "link set br-$s up"
		} | ip -n "$net" -batch -
		echo "port core-$s $s"
	done >"$LAB/etc/inside"
	sed -n 's/.*<link between="\([^ ]*\) \([^"]*\)" delay="\([^"]*\)".*/set \1 \2 delay=\3 both=yes/p' \
	    "$1" >>"$LAB/etc/inside"
}

wan_outside()
{
	ip netns add "${LAB_PREFIX}wan"
	wan_quiet_ns "${LAB_PREFIX}wan"
	: >"$LAB/etc/outside"
}

# wan_join HOST PORT PLACE ADDRESS...: its interface wan0, as its way out.
wan_join()
{
	local ns=$LAB_PREFIX$1 wan=${LAB_PREFIX}wan port=$2 place=$3 a

	shift 3
	ip link add wan0 netns "$ns" address $WAN_MAC type veth \
	    peer name "$port" netns "$wan"
	ip -n "$wan" link set "$port" up
	ip -n "$ns" link set wan0 arp off
	ip -n "$ns" link set wan0 up
	for a in "$@"; do
		case $a in
		*:*) ip -n "$ns" addr add "$a/128" dev wan0 nodad ;;
		*) ip -n "$ns" addr add "$a/32" dev wan0 ;;
		esac
	done
	ip -n "$ns" route add default dev wan0 src "$1"
	ip -n "$ns" -6 route add default dev wan0
	echo "port $port $place" >>"$LAB/etc/outside"
}

wan_border()
{
	local s=$1

	shift
	ip netns exec "${LAB_PREFIX}border-$s" sysctl -qw \
	    net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
	    net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
	    net.ipv4.conf.all.send_redirects=0 \
	    net.ipv4.conf.default.send_redirects=0
	wan_join "border-$s" "b-$s" "$s" "$@"
}

wan_client()
{
	local name=$1 ns=$LAB_PREFIX$1 place=$2

	shift 2
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	lab_host_files "$name"
	wan_join "$name" "$name" "$place" "$@"
}

wan_route()
{
	echo "route $1 ${2/#border-/b-}" >>"$LAB/etc/outside"
}

# wan_near PLACE TIME...: round trips from there to the borders, in order.
wan_near()
{
	local place=$1 s

	shift
	for s in $FARM_SITES; do
		awk -v a="$s" -v b="$place" -v t="$1" 'BEGIN {
			printf "set %s %s delay=%.3fms both=yes\n", a, b, t / 2
		}' >>"$LAB/etc/outside"
		shift
	done
}

wan_start()
{
	lab_start inside net "$LAB/bin/wan" switch "$LAB/etc/inside" \
	    "$LAB/run/inside.wan"
	lab_start outside wan "$LAB/bin/wan" router "$LAB/etc/outside" \
	    "$LAB/run/outside.wan" "$LAB/log/stamps"
	lab_wait 5 wan_tell show || {
		cat "$LAB/log/inside.log" "$LAB/log/outside.log" >&2
		return 1
	}
}

wan_tell()
{
	"$LAB/bin/wan" tell "$LAB/run/outside.wan" "$*"
}

wan_set()
{
	wan_tell "set $*"
}

wan_stamps()
{
	wan_tell sync
	echo "$LAB/log/stamps"
}

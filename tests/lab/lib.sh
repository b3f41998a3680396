# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The lab: hosts as network namespaces on private networks, with real daemons
# in them. Sourced by the demo and by the scenarios. The network of the machine
# itself is not touched: even bridges live in a namespace.
# All is removed at the end, also when interrupted; what a killed run left
# behind is removed at the next start.
#
#	lab_begin TOOL...             before anything else
#	lab_host NAME SEGMENT ADDRESS...  a host on a bridge, see wan.sh
#	lab_names FILE                names for all hosts, /etc/hosts form
#	lab_run HOST COMMAND...       run there
#	lab_start NAME HOST COMMAND.. run there in the background as NAME
#	lab_signal NAME SIGNAL        to it
#	lab_stop NAME                 end it, wait until it is gone
#
# $LAB is a directory for this run, $LAB_TOP the source tree. For results see
# check.sh.

. "$(dirname "${BASH_SOURCE[0]}")/check.sh"
. "$LAB_TOP/tests/lab/tell.sh"
. "$LAB_TOP/tests/lab/web.sh"

LAB_PREFIX=${LAB_PREFIX:-hop-}
LAB_STATE=/run/${LAB_PREFIX}lab # where this run lives, for the next one
LAB_USER=nobody                 # of our daemons; no account is created
LAB_GROUP=nogroup
LAB_INSIDE=10.0.0.0/8 # addresses of sites; all others are outside
LAB_INSIDE6=2001:db8:a0::/44
LAB=

lab_log()
{
	printf 'lab: %s\n' "$*" >&2
}

# A lab beside the demo's `hop-` has one letter more, `hop-a-`: not ours.
lab_namespaces()
{
	ip netns list 2>/dev/null | awk -v p="$LAB_PREFIX" '
	index($1, p) == 1 && substr($1, length(p) + 1) !~ /^[a-z]-/ { print $1 }'
}

# Pids of all that runs in our namespaces.
lab_pids()
{
	local ns

	for ns in $(lab_namespaces); do
		ip netns pids "$ns" 2>/dev/null
	done
}

lab_none_left()
{
	[ -z "$(lab_pids)" ]
}

lab_kill_all()
{
	local signal

	for signal in TERM KILL; do
		# Stopped processes see SIGTERM only after SIGCONT.
		lab_pids | xargs -r kill -$signal 2>/dev/null
		lab_pids | xargs -r kill -CONT 2>/dev/null
		lab_wait 3 lab_none_left && return
	done
}

# Remove everything that bears our names.
lab_clean()
{
	local ns old

	lab_kill_all
	for ns in $(lab_namespaces); do
		ip netns del "$ns" 2>/dev/null
		rm -rf "/etc/netns/$ns"
	done
	old=$(cat "$LAB_STATE" 2>/dev/null)
	case $old in
	/tmp/hop-lab.*) rm -rf "$old" ;;
	esac
	rm -f "$LAB_STATE"
	lab_clean_shared
}

# What labs share is removed by the last one.
lab_clean_shared()
{
	local made=/run/hop-made-hosts

	! ls /run/hop-*lab >/dev/null 2>&1 || return 0
	rmdir /etc/netns 2>/dev/null
	[ ! -e $made ] || [ -s /etc/hosts ] || rm -f /etc/hosts
	rm -f $made
}

lab_end()
{
	local status=$?

	trap '' INT TERM HUP
	trap - EXIT
	[ -n "$LAB" ] || exit $status
	if [ -n "${LAB_NAME:-}" ]; then
		mkdir -p "$LAB_TOP/build/test/$LAB_NAME"
		cp -f "$LAB"/log/* "$LAB_TOP/build/test/$LAB_NAME/" 2>/dev/null
	fi
	# Programs built with sanitizers tell what they found in their logs.
	if grep -nE 'ERROR: AddressSanitizer|runtime error:' \
	    "$LAB"/log/*.log 2>/dev/null; then
		echo "not ok ${LAB_NAME:-lab}: sanitizer reports"
		status=1
	fi
	lab_clean
	exit $status
}

# Whether namespaces can be had here at all; else ip's complaint.
lab_possible()
{
	local ns=${LAB_PREFIX}try status

	ip netns add "$ns" && ip -n "$ns" link add br0 type bridge
	status=$?
	ip netns del "$ns" 2>/dev/null
	return $status
}

lab_begin()
{
	local why

	PATH=$PATH:/usr/sbin:/sbin
	[ "$(id -u)" = 0 ] || skip "needs root (network namespaces)"
	needs ip flock setpriv "$@"
	exec 9>"$LAB_STATE.lock"
	flock -n 9 || {
		lab_log "another lab with names $LAB_PREFIX* is running"
		exit 1
	}
	trap lab_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	lab_clean
	# One at a time: the first one on a machine prepares /run/netns.
	why=$({ flock 8; lab_possible; } 2>&1 8>/run/hop-lab.first) ||
	    skip "no network namespaces here: $why"
	LAB=$(mktemp -d /tmp/hop-lab.XXXXXX) || exit 1
	check_said=$LAB/check.out sockets=$LAB/run
	echo "$LAB" >"$LAB_STATE"
	chmod 755 "$LAB"
	mkdir "$LAB"/{bin,etc,host,log,mibs,pid,run,state}
	chown "$LAB_USER:$LAB_GROUP" "$LAB/run" "$LAB/state" "$LAB/log"

	# Names are mounted over this file; a very bare system has none.
	[ -e /etc/hosts ] || touch /run/hop-made-hosts /etc/hosts

	ip netns add "${LAB_PREFIX}net" # of the segments
}

lab_host_files()
{
	mkdir -p "/etc/netns/$LAB_PREFIX$1" "$LAB/host/$1"
	printf '127.0.0.1\tlocalhost %s\n' "$1" \
	    >"/etc/netns/$LAB_PREFIX$1/hosts"
}

# A host on a segment (bridge); all addresses inside are neighbours.
lab_host()
{
	local name=$1 segment=$2 ns=$LAB_PREFIX$1 net=${LAB_PREFIX}net a

	shift 2
	ip netns add "$ns"
	ip link add eth0 netns "$ns" type veth peer name "$name" netns "$net"
	ip -n "$net" link set "$name" master "$segment" up
	{
		echo "link set lo up"
		for a in "$@"; do
			case $a in
			*:*) echo "addr add $a/128 dev eth0 nodad" ;;
			*) echo "addr add $a/32 dev eth0" ;;
			esac
		done
		echo "link set eth0 up"
		echo "route add $LAB_INSIDE dev eth0 src $1"
	} | ip -n "$ns" -batch -
	ip -n "$ns" -6 route add "$LAB_INSIDE6" dev eth0
	lab_host_files "$name"
}

lab_names()
{
	local ns

	for ns in $(lab_namespaces); do
		[ ! -f "/etc/netns/$ns/hosts" ] ||
		    cat "$1" >>"/etc/netns/$ns/hosts"
	done
}

lab_run()
{
	local host=$1

	shift
	ip netns exec "$LAB_PREFIX$host" "$@" 9>&-
}

lab_start()
{
	local name=$1 host=$2

	shift 2
	ip netns exec "$LAB_PREFIX$host" "$@" >>"$LAB/log/$name.log" 2>&1 \
	    </dev/null 9>&- &
	echo $! >"$LAB/pid/$name"
}

# The same as our daemons run: no root, no way back to it.
lab_start_unprivileged()
{
	local name=$1 host=$2

	shift 2
	lab_start "$name" "$host" setpriv --reuid "$LAB_USER" \
	    --regid "$LAB_GROUP" --clear-groups --no-new-privs \
	    --inh-caps=-all --bounding-set=-all "$@"
}

lab_pid()
{
	cat "$LAB/pid/$1"
}

lab_alive()
{
	kill -0 "$(lab_pid "$1")" 2>/dev/null
}

lab_dead()
{
	! lab_alive "$1"
}

lab_signal()
{
	kill -"$2" "$(lab_pid "$1")" 2>/dev/null
}

lab_stop()
{
	local pid

	pid=$(lab_pid "$1")
	kill -TERM "$pid" 2>/dev/null
	lab_wait 5 lab_dead "$1" || kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}

# kill -9, and wait until the kernel has taken it away. (The shell tells of
# killed jobs on stderr.)
lab_kill()
{
	{
		kill -KILL "$(lab_pid "$1")"
		wait "$(lab_pid "$1")"
	} 2>/dev/null
	return 0
}

# The same for all processes of a program on a host: for_program HOST PROGRAM
# SIGNAL, where PROGRAM-HOST is the name it was started by.
for_program()
{
	local p

	{
		for p in $(ip netns pids "$LAB_PREFIX$1"); do
			[ "$(cat "/proc/$p/comm")" != "$2" ] || kill "-$3" "$p"
		done
		[ "$3" != KILL ] || wait "$(lab_pid "$2-$1")"
	} 2>/dev/null
	return 0
}

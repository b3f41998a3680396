# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs of a test beside each other, on loopback or in a network of the
# test's own, which all end with it. Sourced; runs without root, too.
#
#	own_network [OPTION...] a network (or more, see unshare) for this script
#	programs_begin TOOL...  a directory $dir, removed at the end
#	start NAME COMMAND...   in the background, its output in $dir/NAME.log
#	stop NAME [SIGNAL], signal NAME SIGNAL, alive NAME
#	feed NAME SOCKET ROLE ID [WORD]  a peer there: to NAME LINE..., and what
#	                        it hears is in $dir/NAME.log; cut_off NAME
#	free_port               of TCP on loopback
#	no_complaint            of a sanitizer, in any log

. "$(dirname "${BASH_SOURCE[0]}")/check.sh"
. "$LAB_TOP/tests/lab/tell.sh"
. "$LAB_TOP/tests/lab/web.sh"
top=$LAB_TOP bin=$LAB_BUILD
declare -A pids feeds
PATH=$PATH:/usr/sbin:/sbin

# The script begins anew inside.
own_network()
{
	if [ "${LAB_INSIDE_OF:-}" != "$0" ]; then
		[ "$(id -u)" = 0 ] || skip "needs root"
		unshare -n "$@" true 2>/dev/null ||
		    skip "no network namespaces here"
		LAB_INSIDE_OF=$0 exec unshare -n "$@" "$0"
	fi
	ip link set lo up
}

alive()
{
	kill -0 "${pids[$1]:-0}" 2>/dev/null
}

start()
{
	local name=$1

	shift
	"$@" >>"$dir/$name.log" 2>&1 </dev/null &
	pids[$name]=$!
}

signal()
{
	kill "-$2" "${pids[$1]}"
}

# stop NAME [SIGNAL]: leaves the exit status in $status.
stop()
{
	status=
	[ -n "${pids[$1]:-}" ] || return 0
	# In this order: a SIGCONT that comes later would undo the stop by
	# which a leak checker looks at its own process.
	kill -CONT "${pids[$1]}" 2>/dev/null
	kill "-${2:-TERM}" "${pids[$1]}" 2>/dev/null
	wait "${pids[$1]}" 2>/dev/null
	status=$?
	unset "pids[$1]"
}

feed()
{
	local name=$1 fd

	shift
	mkfifo "$dir/$name.fifo"
	"$bin/tests/lab/lines" "$@" <"$dir/$name.fifo" >"$dir/$name.log" 2>&1 &
	pids[$name]=$!
	exec {fd}>"$dir/$name.fifo"
	feeds[$name]=$fd
	rm "$dir/$name.fifo"
}

to()
{
	local fd=${feeds[$1]}

	shift
	printf '%s\n' "$@" >&"$fd"
}

cut_off()
{
	local fd=${feeds[$1]}

	stop "$1"
	exec {fd}>&-
}

# A port that nobody has on either loopback address.
free_port()
{
	local p

	while :; do
		p=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null && continue
		(exec 3<>"/dev/tcp/::1/$p") 2>/dev/null && continue
		echo "$p"
		return
	done
}

no_complaint()
{
	! grep -E 'Sanitizer|runtime error' "$dir"/*.log
}

programs_end()
{
	local code=$? name logs

	trap '' INT TERM HUP
	for name in "${!pids[@]}"; do
		stop "$name" KILL
	done
	if [ $failed != 0 ]; then
		logs=$LAB_TOP/build/test/$(basename "$0" .sh)
		mkdir -p "$logs"
		cp "$dir"/*.log "$logs/"
	fi
	rm -rf "$dir"
	[ $code != 0 ] || code=$failed
	exit $code
}

programs_begin()
{
	needs "$@"
	dir=$(mktemp -d /tmp/hop-programs.XXXXXX) || exit 1
	check_said=$dir/check.out sockets=$dir
	trap programs_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	export HOPSCOTCH_RUN=$dir HOPSCOTCH_STATE=$dir
}

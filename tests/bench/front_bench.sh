#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# CPU per redirect of hopfrontd beside HAProxy's `http-request redirect`, in
# the same run, by turns: tests/bench/front_bench.sh [SECONDS [ROUNDS]].
# CPU is user and system time of /proc/PID/stat over what wrk counted, so
# other work on the machine matters little. BUILD says where hopfrontd is.

set -u
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C
seconds=${1:-3}
rounds=${2:-3}
build=${BUILD:-build/release}
work=$(mktemp -d /tmp/front_bench.XXXXXX) || exit 1
pids=()

# shellcheck disable=SC2317,SC2329 # called by the trap
finish()
{
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

for tool in wrk haproxy; do
	command -v $tool >/dev/null || { echo "skip front_bench: no $tool"; exit 77; }
done
[ -x "$build/hopfrontd" ] || { echo "skip front_bench: no $build/hopfrontd"; exit 77; }

# A port that nobody listens at.
free_port()
{
	local p

	for _ in {1..50}; do
		p=$((20000 + RANDOM % 10000))
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null ||
		    { echo "$p"; return; }
	done
}

hop=$(free_port) ha=$(free_port)

cat >"$work/hop.xml" <<XML
<hopscotch xmlns="urn:hopscotch:config:1">
  <network><site id="la"/></network>
  <policy id="even"/>
  <server id="la1" site="la">
    <alias border="la" name="www.la1-la.test.com" address="10.1.1.1"/>
  </server>
  <server id="la2" site="la">
    <alias border="la" name="www.la2-la.test.com" address="10.1.1.2"/>
  </server>
  <service id="www" protocol="http" host="www.test.com" policy="even">
    <use server="la1"/><use server="la2"/>
  </service>
  <frontend id="f1" site="la">
    <listen protocol="http" address="127.0.0.1" port="$hop"/>
    <control socket="$work/f1.sock"/>
  </frontend>
</hopscotch>
XML
cat >"$work/ha.cfg" <<CFG
global
	nbthread 1
	maxconn 1000
defaults
	mode http
	timeout client 15s
	timeout http-request 10s
frontend www
	bind 127.0.0.1:$ha
	acl ours hdr(host) -i www.test.com
	http-request deny status 421 unless ours
	http-request redirect code 302 prefix http://www.la1-la.test.com
CFG

start()
{
	local port=$1

	shift
	"$@" >"$work/log.$port" 2>&1 &
	pids+=($!)
	for _ in {1..50}; do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
		sleep 0.1
	done
	cat "$work/log.$port"
	echo "not ok front_bench: $1 does not start"
	exit 1
}

start "$hop" "$build/hopfrontd" -f "$work/hop.xml" --id f1 --no-snmp
hop_pid=${pids[-1]}
start "$ha" haproxy -db -f "$work/ha.cfg"
ha_pid=${pids[-1]}

# User and system time of a process in ticks.
ticks()
{
	awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"
}
hz=$(getconf CLK_TCK)

# measure NAME PID PORT CONNECTIONS WRK-OPTIONS...: ns per request, and rate.
measure()
{
	local name=$1 pid=$2 port=$3 c=$4 before after requests bad

	shift 4
	before=$(ticks "$pid")
	wrk -t1 -c"$c" -d"${seconds}s" "$@" -H 'Host: www.test.com' \
	    "http://127.0.0.1:$port/path/to/a/page.html?query=1" \
	    >"$work/wrk" 2>&1
	after=$(ticks "$pid")
	requests=$(awk '/requests in/ { print $1 }' "$work/wrk")
	bad=$(awk '/Non-2xx or 3xx/ { print $NF }' "$work/wrk")
	[ "${requests:-0}" -gt 0 ] ||
	    { cat "$work/wrk"; echo "not ok front_bench: no requests"; exit 1; }
	[ "${bad:-0}" = 0 ] || echo "# $name: $bad of $requests were no redirect"
	ns=$(((after - before) * (1000000000 / hz) / requests))
	printf '%-10s %-10s %9d requests/s %6d ns CPU/request\n' \
	    "$mode" "$name" $((requests / seconds)) "$ns"
}

compare()
{
	local hop_sum=0 ha_sum=0

	mode=$1
	shift
	for ((i = 0; i < rounds; i++)); do
		measure hopfrontd "$hop_pid" "$hop" "$@"
		hop_sum=$((hop_sum + ns))
		measure haproxy "$ha_pid" "$ha" "$@"
		ha_sum=$((ha_sum + ns))
	done
	printf '%-10s hopfrontd/haproxy CPU per redirect: %d.%02d (%d / %d ns)\n' \
	    "$mode" $((hop_sum / ha_sum)) $((hop_sum * 100 / ha_sum % 100)) \
	    $((hop_sum / rounds)) $((ha_sum / rounds))
}

compare keep-alive 50
compare close 50 -H 'Connection: close'
exit 0

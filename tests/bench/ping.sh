#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What a probe costs: CPU time of hoppingd and of fping, both at 1000 probes a
# second to addresses of loopback, side by side in one run, in a network
# namespace of their own. hoppingd gets its targets by SNMP, as always.

set -u
seconds=${PING_SECONDS:-15}
if [ -z "${PING_INSIDE:-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "skip ping: needs root"; exit 0; }
	command -v fping >/dev/null || { echo "skip ping: needs fping"; exit 0; }
	PING_INSIDE=1 exec unshare -n "$0"
fi
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/snmp.sh"
snmp_begin snmpset fping
# Ping sockets, as one would allow them; fping opens a raw one, being root.
ip link set lo up
sysctl -qw net.ipv4.ping_group_range="0 2147483647"
T=$P.1.2.5.1
# As few as the limit of a prefix, one in 3 s, allows for 1000 in a second.
targets=4000

# Addresses with a /24 each: 127.HI.LO.1
add_targets()
{
	local i=0 hex args

	while [ $i -lt $targets ]; do
		args=()
		for ((n = 0; n < 32 && i < targets; n++, i++)); do
			hex=$(printf '7f%02x%02x01' $((i / 250 + 10)) $((i % 250)))
			args+=("$T.5.$((i + 1))" x "$hex"
			    "$T.6.$((i + 1))" u 16000
			    "$T.9.$((i + 1))" u 600 "$T.10.$((i + 1))" i 4)
		done
		as hopmgr snmpset "${args[@]}" >"$dir/set.log" ||
		    { cat "$dir/set.log"; exit 1; }
	done
}

# CPU time of a process, in ns.
cpu()
{
	cut -d' ' -f1 "/proc/$1/schedstat"
}

# User and system time of a process in all, in ticks.
split_cpu()
{
	cut -d' ' -f14,15 "/proc/$1/stat"
}

sent()
{
	as hopnms snmpget -OvqU $P.1.2.4.3.0
}

snmp_conf border
snmpd_start
start hoppingd "$bin/hoppingd" --border bench --allow 127.0.0.0/8 \
    --agentx "$dir/agentx/master"
back 3 $P.1.2.1.2.0 >/dev/null
add_targets
for ((i = 0; i < 1000; i++)); do
	echo "127.$((i / 250 + 100)).$((i % 250)).1"
done >"$dir/fping.list"
# Elsewhere: raw sockets see all replies of their namespace.
start fping unshare -n sh -c 'ip link set lo up; exec "$@"' sh fping -q -l -i 1 -p 1000 -f "$dir/fping.list"
# Until all its tables have been touched, and every target was measured once.
sleep "${PING_WARM:-18}"
begin=${EPOCHREALTIME/./}
s0=$(sent) h0=$(cpu "${pids[hoppingd]}") f0=$(cpu "${pids[fping]}")
sleep "$seconds"
s1=$(sent) h1=$(cpu "${pids[hoppingd]}") f1=$(cpu "${pids[fping]}")
took=$((${EPOCHREALTIME/./} - begin))
stop fping INT
probes=$((s1 - s0))
fprobes=$(awk '/xmt\/rcv/ { split($5, a, "/"); n += a[1] } END { print n + 0 }' \
    "$dir/fping.log")
# fping tells its total only; its rate is by its options.
rate=$((fprobes > 0 ? 1000 : 0))
awk -v p=$probes -v us=$took -v h=$((h1 - h0)) -v f=$((f1 - f0)) -v r=$rate \
    'BEGIN {
	hp = h / p / 1000
	fp = f / (us / 1e6 * r) / 1000
	printf "hoppingd: %.0f probes/s, %.1f us of CPU a probe\n",
	    p / (us / 1e6), hp
	printf "fping:    %.0f probes/s, %.1f us of CPU a probe\n", r, fp
	printf "hoppingd takes %.2f of what fping takes (aim: 0.33)\n", hp / fp
}'
echo "  ticks of user and system time: hoppingd" \
    "$(split_cpu "${pids[hoppingd]}")"
for o in 4.4 4.7 4.8 4.9 4.10 4.12 4.13; do
	printf '  hopProbe.%s %s\n' $o "$(as hopnms snmpget -OvqU $P.1.2.$o.0)"
done
stop hoppingd
stop snmpd

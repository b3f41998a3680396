#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What measured paths cost, and how true they are, as one table: round trip
# times of hoppingd, asked for by SNMP, against the stamps of the emulator
# between it and 5000 addresses; its CPU time per probe beside fping's
# (ping.sh); the manager's for 10 000 prefixes that become fresh (prober.sh).
# PROBES=5000, one to an address; JITTER=2ms, DELAY=10ms each way.

set -u
here=$(cd "$(dirname "$0")/../lab" && pwd)
LAB_NAME=bench-paths
LAB_PREFIX=hop-b-
FARM_SITES=x
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"
FARM_SITES=x
PROBES=${PROBES:-5000}
rows_a_set=20

farm_address()
{
	echo 127.0.0.1
}

ask()
{
	local tool=$1

	shift
	lab_run border "$tool" -v3 -l authPriv -u hopmgr -a SHA-256 \
	    -A "${FARM_PASS[hopmgr]}" -x AES -X "${FARM_PASS[hopmgr]}" -t 5 \
	    -r 1 -M "$LAB/mibs" -m HOPSCOTCH-MIB 127.0.0.1 "$@"
}

# A prober at x, and behind the emulator a host that has all of 44.0.0.0/8.
make_network()
{
	wan_outside
	wan_client border x 198.51.100.1
	wan_client crowd far 203.0.113.1
	ip -n "${LAB_PREFIX}crowd" route add local 44.0.0.0/8 dev lo
	wan_route 198.51.100.1 border
	wan_route 44.0.0.0/8 crowd
	wan_route 203.0.113.1 crowd
	echo "set x far delay=${DELAY:-10ms} jitter=${JITTER:-2ms} order=no" \
	    "both=yes" >>"$LAB/etc/outside"
	lab_start outside wan "$LAB/bin/wan" router "$LAB/etc/outside" \
	    "$LAB/run/outside.wan" "$LAB/log/stamps"
	lab_wait 5 wan_tell show
}

prober_answers()
{
	ask snmpget hopProbeUptime.0
}

# Rows I to I + rows_a_set: each address is in a /24 of its own.
set_rows()
{
	local i a=()

	for ((i = $1; i < $1 + rows_a_set && i < PROBES; i++)); do
		a+=("hopProbeTargetAddress.$((i + 1))" x
		    "$(printf '2C%04X01' "$i")"
		    "hopProbeTargetProbes.$((i + 1))" u 1
		    "hopProbeTargetRowStatus.$((i + 1))" i 4)
	done
	ask snmpset "${a[@]}" >/dev/null
}

# Microseconds of CPU that a process has had.
cpu_us()
{
	awk '{ print ($14 + $15) * 10000 }' "/proc/$(pidof_prober)/stat"
}

pidof_prober()
{
	ip netns pids "${LAB_PREFIX}border" | while read -r p; do
		[ "$(cat "/proc/$p/comm")" != hoppingd ] || echo "$p"
	done | head -1
}

all_done()
{
	[ "$(ask snmpget -OqvU hopProbeTargets.0)" = 0 ]
}

# Per address, what hoppingd said and what the emulator's stamps say.
join_stamps()
{
	ask snmpbulkwalk -Cr10 -OQs hopProbeJournalTable >"$LAB/journal"
	wan_tell sync
	awk -v probes="$PROBES" '
	FILENAME ~ /stamps$/ {
		if ($6 == "request" && $3 != "lost") went[$8] = $1
		if ($6 == "reply" && $3 != "lost") came[$7] = $3
		late[++n] = $3 - $2
		next
	}
	/^hopProbeJournal(Name|Status|RttMin)/ {
		key = $1
		sub(/^[^.]*/, "", key)
		gsub(/"/, "", $3)
		if ($1 ~ /Name/) name[key] = $3
		else if ($1 ~ /Status/) ok[key] = $3 == "replied"
		else rtt[key] = $3
	}
	END {
		for (key in name) {
			a = name[key]
			if (ok[key] && (a in went) && (a in came))
				print rtt[key] - (came[a] - went[a]) / 1000
		}
	}' "$LAB/log/stamps" "$LAB/journal" | sort -n
}

# p50 and p99 of the absolute values on stdin, and how many.
percentiles()
{
	awk '{ print $1 < 0 ? -$1 : $1 }' | sort -n | awk '{ a[NR] = $1 }
	END {
		if (NR == 0) { print "0 - - -"; exit }
		printf "%d %.1f %.1f %.1f\n", NR, a[int((NR + 1) / 2)],
		    a[int(NR * .99) + (NR < 100)], a[NR]
	}'
}

bench_rtt()
{
	local i before after figures

	make_network || exit 1
	farm_snmpd_conf border border
	lab_start snmpd-border border env \
	    SNMP_PERSISTENT_DIR="$LAB/host/border/persist" \
	    SNMPCONFPATH="$LAB/host/border/etc:$LAB/host/border/persist" \
	    MIBS= snmpd -f -LOw -u Debian-snmp -g Debian-snmp \
	    -I -smux,mteTrigger,mteTriggerConf
	lab_start hoppingd border "$LAB/bin/hoppingd" --border x \
	    --source 198.51.100.1 --allow 44.0.0.0/8 --rate 1000 \
	    --user "$LAB_USER" --agentx "$LAB/host/border/agentx/master"
	lab_wait 10 prober_answers || {
		cat "$LAB/log/hoppingd.log"
		exit 1
	}
	before=$(cpu_us)
	for ((i = 0; i < PROBES; i += rows_a_set)); do
		set_rows $i || exit 1
	done
	lab_wait 60 all_done
	after=$(cpu_us)
	figures=$(join_stamps | percentiles)
	# shellcheck disable=SC2086 # four numbers
	set -- $figures
	row "RTT against the emulator's stamps, p50" "$2 us" "$1 probes"
	row "  p99" "$3 us" "meant: below 50"
	row "  worst" "$4 us"
	row "CPU per probe, with all SNMP for it" \
	    "$(((after - before) / PROBES)) us" "a row and a result each"
	# shellcheck disable=SC2046 # four numbers
	set -- $(awk '$3 != "lost" { print ($3 - $2) / 1000 }' \
	    "$LAB/log/stamps" | percentiles)
	row "emulator late by, p50" "$2 us" "$1 packets"
	row "  p99" "$3 us" "meant: below 100"
	row "  worst" "$4 us"
}

# row WHAT FIGURE [REMARK]
row()
{
	printf '%-44s %12s  %s\n' "$1" "$2" "${3:-}"
}

# CPU per probe, beside fping at the same rate in the same run.
bench_cpu()
{
	LAB_BUILD=$LAB_BUILD "$LAB_TOP/tests/bench/ping.sh" >"$LAB/log/ping.log" \
	    2>&1
	grep '^skip' "$LAB/log/ping.log"
	while read -r what figure remark; do
		row "CPU per probe, 1000 a second: $what" "$figure us" "$remark"
	done < <(sed -nE 's/^([a-z]+): +([0-9]+) probes\/s, ([0-9.]+) us .*/\1 \3 \2 probes\/s/p' \
	    "$LAB/log/ping.log")
	row "  hoppingd to fping" "$(sed -nE \
	    's/^hoppingd takes ([0-9.]+) of.*/\1/p' "$LAB/log/ping.log")" \
	    "meant: at most 0.33"
}

# The manager's decisions and lines.
bench_manager()
{
	"$LAB_BUILD/tests/bench/prober_bench" 10000 4 3 >"$LAB/log/prober.log"
	row "manager, 10 000 fresh prefixes, 4 borders" "$(sed -nE \
	    's/.* ([0-9]+ ms) for 10 000.*/\1/p' "$LAB/log/prober.log")" \
	    "of CPU"
}

lab_begin snmpd snmpset snmpbulkwalk
for p in hoppingd tests/lab/wan; do
	cp "$LAB_BUILD/$p" "$LAB/bin/" || exit 1
done
farm_mibs
bench_rtt
bench_cpu
bench_manager

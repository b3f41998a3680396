#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What a poll costs the manager: one poller process, 500 and 2000 sessions
# (SNMPv3, SHA-256 and AES) against one real snmpd with hoploadd, 2 s interval.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${LAB_BUILD:-$top/build/release}
command -v snmpd >/dev/null || {
	echo "poll: skipped, needs snmpd"
	exit 0
}

dir=$(mktemp -d /tmp/hop-poll.XXXXXX)
pids=()
end()
{
	kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM HUP

cat >"$dir/snmpd.conf" <<EOF
agentaddress udp:127.0.9.9:16109
createUser hopmgr SHA-256 authpassword AES privpassword
group hop usm hopmgr
view all included .1
access hop "" usm priv exact all none none
master agentx
agentXSocket $dir/agentx
EOF
export MIBS=
SNMP_PERSISTENT_DIR=$dir SNMPCONFPATH=$dir snmpd -f -Lf "$dir/log" -C \
    -c "$dir/snmpd.conf" -I -smux,mteTrigger,mteTriggerConf &
pids+=($!)
"$bin/hoploadd" --agentx "$dir/agentx" 2>"$dir/hoploadd.log" &
pids+=($!)
sleep 3
for agents in 500 2000; do
	echo "poll: $agents agents"
	"$bin/tests/bench/poll_bench" 127.0.9.9 16109 hopmgr authpassword \
	    privpassword hopscotch $agents 10 2000
done

# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-2-Clause
#
# One real snmpd for a test, on loopback and on files of its own: nothing of
# the machine's snmpd is touched. Sourced; runs without root too.
#
#	snmp_begin TOOL...      a directory $dir, removed at the end
#	snmp_conf [ROLE...]     snmpd.conf as shipped for these roles
#	snmpd_start, snmpd_stop, snmpd_signal SIGNAL
#	start NAME COMMAND...   in the background, its output in $dir/NAME.log
#	stop NAME [SIGNAL], signal NAME SIGNAL, alive NAME
#	as USER TOOL ARG...     snmpget, snmpset ... as this SNMP user
#	back SECONDS OID        until the object can be read; tells how long
#	check TEXT COMMAND...   one "ok" or "not ok"

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=${LAB_BUILD:-$top/build/release}
pass=a-long-passphrase
declare -A pids
failed=0
export MIBS='' MIBDIRS=''
PATH=$PATH:/usr/sbin:/sbin

# Where the module hangs, and its objects as "name type column oid".
P=$("$top/tools/mibgen" "$top/mibs/HOPSCOTCH-MIB.txt" |
    sed -n 's/^#define MIB_POINT_TEXT "\(.*\)"/.\1/p')

snmp_objects()
{
	"$top/tools/mibgen" "$top/mibs/HOPSCOTCH-MIB.txt" | awk '
	/\.name = / { gsub(/[",]/, ""); name = $3 }
	/\.column = / { gsub(/,/, ""); column = $3 }
	/\.oid = / {
		gsub(/.*\{|\}.*/, ""); gsub(/, /, ".")
		print name, column, "." $0
	}'
}

skip()
{
	echo "skip $(basename "$0" .sh): $*"
	exit 77
}

check()
{
	local text=$1 out

	shift
	if out=$("$@" 2>&1); then
		echo "ok $text"
	else
		echo "not ok $text"
		printf '%s\n' "$out" | head -20 | sed 's/^/  /'
		failed=1
	fi
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
	kill "-${2:-TERM}" "${pids[$1]}" 2>/dev/null
	kill -CONT "${pids[$1]}" 2>/dev/null
	wait "${pids[$1]}" 2>/dev/null
	status=$?
	unset "pids[$1]"
}

snmp_end()
{
	local code=$? name

	trap '' INT TERM
	for name in "${!pids[@]}"; do
		stop "$name" KILL
	done
	if [ $failed != 0 ]; then
		mkdir -p "$top/build/test/$(basename "$0" .sh)"
		cp "$dir"/*.log "$top/build/test/$(basename "$0" .sh)/"
	fi
	rm -rf "$dir"
	exit $code
}

# A UDP port of loopback that nobody has.
free_port()
{
	local p i

	for i in 1 2 3 4 5 6 7 8 9; do
		p=$((20000 + (RANDOM + i) % 30000))
		grep -qi ":$(printf %04X $p) " /proc/net/udp || break
	done
	echo $p
}

snmp_begin()
{
	local tool

	for tool in snmpd snmpget "$@"; do
		command -v "$tool" >/dev/null || skip "needs $tool (make deps)"
	done
	[ -x "$bin/hoploadd" ] || skip "needs $bin/hoploadd (make)"
	dir=$(mktemp -d /tmp/hop-snmp.XXXXXX) || exit 1
	trap snmp_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$dir/persist" "$dir/etc" "$dir/agentx"
	export HOPSCOTCH_RUN=$dir
	port=$(free_port)
	export SNMP_PERSISTENT_DIR=$dir/persist SNMPCONFPATH=$dir/etc:$dir/persist
}

snmp_conf()
{
	local role u

	{
		echo "agentaddress udp:127.0.0.1:$port"
		for role in agentx users "$@"; do
			sed -e "s|/run/hopscotch-agentx/|$dir/agentx/|g" \
			    -e "s|/var/agentx/|$dir/agentx/own-|g" \
			    -e "/^agentXPerms/s| [^ ]* hopscotch\$||" \
			    "$top/conf/snmpd.conf.d/$role.conf"
		done
	} >"$dir/etc/snmpd.conf"
	for u in hopmgr hopoper hopnms; do
		echo "createUser $u SHA-256 $pass AES $pass"
	done >"$dir/persist/snmpd.conf"
	chmod 600 "$dir/persist/snmpd.conf"
}

snmpd_start()
{
	start snmpd snmpd -f -LOw -I -smux,mteTrigger,mteTriggerConf
}

snmpd_stop()
{
	stop snmpd "${1:-TERM}"
}

as()
{
	local user=$1 tool=$2

	shift 2
	"$tool" -v3 -u "$user" -l authPriv -a SHA-256 -A $pass -x AES -X $pass \
	    -r "${RETRIES:-1}" -t "${TIMEOUT:-1}" -On \
	    ${CONTEXT:+-n "$CONTEXT"} "127.0.0.1:$port" "$@"
}

readable()
{
	RETRIES=0 TIMEOUT=0.3 as "${READER:-hopnms}" snmpget -Ov "$1" \
	    2>/dev/null | grep -qv 'No Such'
}

# back SECONDS OID: fails if it takes longer.
back()
{
	local begin=${EPOCHREALTIME/./} took

	while ! readable "$2"; do
		took=$((${EPOCHREALTIME/./} - begin))
		if [ $took -gt 10000000 ]; then
			echo "not back after 10 s"
			return 1
		fi
		sleep 0.05
	done
	took=$((${EPOCHREALTIME/./} - begin))
	echo "$((took / 1000)) ms" | tee -a "$dir/back.log"
	[ $took -le $(($1 * 1000000)) ]
}

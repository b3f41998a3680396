# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-2-Clause
#
# One real snmpd for a test, on loopback and on files of its own: nothing of
# the machine's snmpd is touched. Sourced; runs without root too.
#
#	snmp_begin TOOL...      a directory $dir, removed at the end
#	snmp_conf [ROLE...]     snmpd.conf as shipped for these roles
#	snmpd_start, snmpd_stop, snmpd_signal SIGNAL
#	as USER TOOL ARG...     snmpget, snmpset ... as this SNMP user
#	back SECONDS OID        until the object can be read; tells how long
# See programs.sh for the rest.

. "$(dirname "${BASH_SOURCE[0]}")/programs.sh"
pass='a-long-passphrase'
export MIBS='' MIBDIRS=''

# Where the module hangs, and its objects as "name type column oid".
P=$(mib_point)

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

# A UDP port of loopback that nobody has.
free_udp_port()
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
	built hoploadd
	programs_begin snmpd snmpget "$@"
	mkdir "$dir/persist" "$dir/etc" "$dir/agentx"
	port=$(free_udp_port)
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

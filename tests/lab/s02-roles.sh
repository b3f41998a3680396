#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# snmpd as shipped for each role, and for a host of all roles with all our
# daemons: who may read and set what, and that every object of HOPSCOTCH-MIB
# is served.

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
snmp_begin snmpwalk snmpbulkwalk curl
built hoppingd hopmanagerd hopdirectord hopfrontd
roles="border content-server manager"
admin=$P.1.3.12.1.4.1.1 # hopManagerAdminState of the first server

# The files themselves.

one_point()
{
	# Whatever stands in the playpen is ours and where the MIB says.
	! grep -n '\.8072\.9999' "$top"/conf/snmpd.conf.d/*.conf |
	    grep -vF -- "$P"
}
check "they name the registration point of the MIB" one_point

no_secret()
{
	! grep -nE '^[^#]*(createUser|rocommunity|rwcommunity|com2sec)' \
	    "$top"/conf/snmpd.conf.d/*.conf
}
check "they hold no community and no passphrase" no_secret

accepts()
{
	rm -f "$dir/snmpd.log"
	snmp_conf "$@"
	snmpd_start
	READER=hopnms back 5 .1.3.6.1.2.1.1.3.0
	snmpd_stop
	! grep -Ei 'error|warning|unknown|invalid' "$dir/snmpd.log"
}
for role in $roles; do
	check "snmpd takes the file of $role" accepts "$role"
done
# shellcheck disable=SC2086
check "snmpd takes all of them on one host" accepts $roles

# A host of all roles.

snmp_conf $roles
free=$(free_port)
page=$(free_port)
cat >"$dir/hop.xml" <<END
<hopscotch xmlns="urn:hopscotch:config:1" domain="test.com">
  <network><site id="la"/>
    <prober border="la" address="127.0.0.1" port="$port"/></network>
  <policy id="even"/>
  <snmp-user id="hopmgr" secret="hopmgr.secret"/>
  <server id="www.la1" site="la">
    <alias border="la" name="www.la1.test.com" address="127.0.0.1"/>
    <agent address="127.0.0.1" port="$port"/>
  </server>
  <service id="www" host="www.test.com" policy="even" port="$free">
    <use server="www.la1"/>
  </service>
  <manager id="m"/>
  <director id="d"/>
  <frontend id="f" site="la">
    <listen address="127.0.0.1" port="$page" default="www"/>
  </frontend>
</hopscotch>
END
(umask 077; printf 'auth %s\npriv %s\n' $pass $pass >"$dir/hopmgr.secret")
snmpd_start
for d in m:hopmanagerd d:hopdirectord f:hopfrontd; do
	start "${d#*:}" "$bin/${d#*:}" -f "$dir/hop.xml" --id "${d%%:*}" \
	    --agentx "$dir/agentx/master"
done
start hoploadd "$bin/hoploadd" --agentx "$dir/agentx/master" \
    --check www=tcp:127.0.0.1:1
start hoppingd "$bin/hoppingd" --border la --allow 127.0.0.0/8 \
    --canary 127.0.0.1 --agentx "$dir/agentx/master"
check "the load subtree is there" back 5 $P.1.1.1.2.0
check "the probe subtree is there" back 5 $P.1.2.1.2.0
# A row that stays, and is in the journal.
target=$P.1.2.5.1
ask=("$target.5.9" x 7f000002 "$target.6.9" u 60000 "$target.10.9" i 4)
check "the manager's subtree is there" back 5 $P.1.3.1.2.0
check "the director's subtree is there" back 5 $P.1.4.1.2.0
check "the front end's subtree is there" back 5 $P.1.5.1.2.0
for _ in 1 2 3; do
	curl -s -o /dev/null -m 2 -H 'Host: www.test.com' "http://127.0.0.1:$page/"
done

value()
{
	as "${READER:-hopnms}" snmpget -OvqU "$1"
}

names()
{
	sed -n 's/^\(\.[0-9.]*\) = .*/\1/p' "$1"
}

all_served()
{
	local name oid bad=0

	as hopnms snmpbulkwalk $P | grep -v 'No more variables' >"$dir/walk"
	while read -r name _ oid; do
		grep -q "^$P$oid\." "$dir/walk" || { echo "no $name"; bad=1; }
	done < <(snmp_objects)
	return $bad
}
refused()
{
	! "$@" 2>&1 | tee "$dir/refused" | grep -q ' = ' ||
	    { cat "$dir/refused"; return 1; }
}
check "a station asks for no pings" refused as hopnms snmpset "${ask[@]}"
check "nor does an operator" refused as hopoper snmpset "${ask[@]}"
check "the manager does" as hopmgr snmpset "${ask[@]}"
check "every object of HOPSCOTCH-MIB is served" lab_wait 8 all_served
only_ours()
{
	local bad

	bad=$(names "$dir/walk" | while read -r o; do
		snmp_objects | awk -v o="$o" -v p="$P" '
		index(o ".", p $3 ".") == 1 { found = 1 }
		END { if (!found) print o }'
	done)
	[ -z "$bad" ] || { echo "$bad"; return 1; }
}
check "and nothing that is not in it" only_ours
# Without the targets that the manager asked for: their rows end by themselves.
lasting()
{
	names "$dir/walk" | awk -v t="$target." '
	index($0, t) != 1 || $0 ~ /\.9$/'
}
same_rows()
{
	# Tables may have grown meanwhile, but not lost what was there.
	lasting | while read -r o; do
		as hopnms snmpget "$o"
	done >"$dir/get"
	! grep "No Such" "$dir/get" &&
	    diff <(lasting) <(names "$dir/get")
}
check "the walk is the set of GETs" same_rows
check "in the order of their numbers" \
    diff <(names "$dir/walk") <(names "$dir/walk" | sort -V)

# Who may do what.

# Of a walk that must come to nothing.
hidden()
{
	! as "$1" snmpbulkwalk "$2" | grep -v 'No more variables' |
	    grep -v 'No Such' | grep .
}
check "the manager's user reads the load subtree" \
    eval '[ -n "$(READER=hopmgr value $P.1.1.2.1.0)" ]'
# Of several columns at once, past the end of the table.
bulk()
{
	as hopmgr snmpbulkget -Cr20 $P.1.1.3.1.2 $P.1.1.3.1.5 $P.1.1.3.1.6
}
check "also by GETBULK past its end" bulk
check "nothing of interfaces" hidden hopmgr .1.3.6.1.2.1.2
check "and sets nothing" refused as hopmgr snmpset $admin i 2
check "the station's user reads the manager's subtree" \
    test "$(value $admin)" = 1
check "and system" eval '[ -n "$(value .1.3.6.1.2.1.1.3.0)" ]'
check "but sets nothing" refused as hopnms snmpset $admin i 2
check "it sees nothing of snmpd's own users" hidden hopnms .1.3.6.1.6.3.15
raw()
{
	snmpget -r 0 -t 1 -On "$@" "127.0.0.1:$port" $P.1.1.1.2.0
}
check "without encryption: refused" refused raw -v3 -u hopnms -l authNoPriv \
    -a SHA-256 -A $pass
check "without authentication: refused" refused raw -v3 -u hopnms -l noAuthNoPriv
check "with a wrong passphrase: refused" refused raw -v3 -u hopnms \
    -l authPriv -a SHA-256 -A wrong-passphrase -x AES -X $pass
check "an unknown user: refused" refused raw -v3 -u nobody -l authPriv \
    -a SHA-256 -A $pass -x AES -X $pass
check "version 2c: no answer" refused raw -v2c -c public

check "the operator drains a server" as hopoper snmpset $admin i 2
seen()
{
	[ "$(value $admin)" = "$1" ]
}
check "it is seen within 2 s" lab_wait 2 seen 2
check "who did it: snmp" \
    eval '[ "$(value $P.1.3.12.1.5.1.1)" = "\"snmp\"" ]'
check "a value that is none: refused" refused as hopoper snmpset $admin i 4
check "another type: refused" refused as hopoper snmpset $admin s draining
check "what is read-only: refused" refused as hopoper snmpset \
    $P.1.3.12.1.7.1.1 s because
check "a row that is none: refused" refused as hopoper snmpset \
    $P.1.3.12.1.4.1.99 i 2
check "two in one, one of them wrong: neither is done" refused as hopoper \
    snmpset $admin i 1 $P.1.3.12.1.4.1.99 i 1
check "as can be seen" seen 2
check "the operator sets nothing elsewhere" refused as hopoper snmpset \
    .1.3.6.1.2.1.1.6.0 s here
check "and enables the server again" as hopoper snmpset $admin i 1
check "which is seen within 2 s" lab_wait 2 seen 1

# The daemons' SNMP processes.

face_of()
{
	pgrep -x hop-snmp -P "$(pgrep -x hop-snmp-nurse \
	    -P "${pids[hopmanagerd]}")"
}
old=$(face_of)
kill -KILL "$old"
new_face()
{
	[ -n "$(face_of)" ] && [ "$(face_of)" != "$old" ]
}
check "a killed SNMP process of the manager is replaced" lab_wait 4 new_face
check "and serves" lab_wait 3 seen 1
snmpd_stop
sleep 1
snmpd_start
check "after a restart of snmpd the manager is back within 2 s" \
    back 2 $P.1.3.1.2.0
check "the director" back 2 $P.1.4.1.2.0
check "the front end" back 2 $P.1.5.1.2.0
# Rows stay with their elements.

stop hopmanagerd
sed '/<server id="www.la1"/i\
  <server id="www.la0" site="la">\
    <alias border="la" name="www.la0.test.com" address="127.0.0.2"/>\
  </server>' "$dir/hop.xml" >"$dir/hop2.xml"
start hopmanagerd "$bin/hopmanagerd" -f "$dir/hop2.xml" --id m \
    --agentx "$dir/agentx/master"
check "a server is put before the other: the manager is back" \
    back 5 $P.1.3.8.1.2.2
check "the old one keeps its row" \
    test "$(value $P.1.3.8.1.2.1)" = '"www.la1"'
check "the new one has the next" \
    test "$(value $P.1.3.8.1.2.2)" = '"www.la0"'
check "a SET goes to the old one" as hopoper snmpset $admin i 3
check "as can be seen" lab_wait 2 seen 3
check "and not to the other" test "$(value ${admin%.1}.2)" = 1

for name in hopfrontd hopdirectord hopmanagerd hoploadd; do
	stop $name
	check "SIGTERM ends $name well" test "$status" = 0
done
check "their SNMP processes go with them" \
    lab_wait 2 eval '! pgrep -x hop-snmp -s 0 >/dev/null'

exit $failed

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The front end's subtree under a real snmpd: all its objects are there and
# tell the truth, and no client notices what happens to snmpd.

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
built hopfrontd
snmp_begin snmpwalk curl
snmp_conf
uptime=$P.1.5.1.2.0

http=$(free_port)
cat >"$dir/conf.xml" <<XML
<hopscotch xmlns="urn:hopscotch:config:1">
  <network><site id="la"/></network>
  <policy id="even"/>
  <server id="la1" site="la">
    <alias border="la" name="la1-la.test" address="10.1.1.1"/>
  </server>
  <service id="www" protocol="http" host="www.test" policy="even">
    <use server="la1"/>
  </service>
  <director id="d1"><listen socket="$dir/nobody.sock"/></director>
  <frontend id="f1" site="la">
    <listen protocol="http" address="127.0.0.1" port="$http"/>
    <control socket="$dir/f1.sock"/>
  </frontend>
</hopscotch>
XML

request()
{
	[ "$(curl -s -o /dev/null -m 1 -w '%{http_code}' -H "Host: ${1:-www.test}" \
	    "http://127.0.0.1:$http/")" = "${2:-302}" ]
}

value()
{
	as hopnms snmpget -OvqU "$1"
}

is()
{
	local got

	got=$(value "$1")
	echo "$1 is $got, not $2"
	[ "$got" = "$2" ]
}

snmpd_start
start hopfrontd "$bin/hopfrontd" -f "$dir/conf.xml" --id f1 \
    --agentx "$dir/agentx/master"
check "objects are there within 3 s" back 3 $uptime
for _ in 1 2 3; do
	request
done
request evil.test 421
sleep 2.2
all_served()
{
	local name column oid bad=0

	as hopnms snmpwalk "$P.1.5" >"$dir/walk"
	while read -r name column oid; do
		case $oid in .1.5.*) ;; *) continue ;; esac
		# Of a director that was never there.
		case $name in *DirectorConfigHash | *DirectorRtt) continue ;; esac
		grep -qF "$P$oid." "$dir/walk" && continue
		echo "$name ($column) is not served"
		bad=1
	done < <(snmp_objects)
	return $bad
}
check "all objects of the subtree are served" all_served
check "requests are counted" is "$P.1.5.4.1.13.1" 4
check "redirects too" is "$P.1.5.4.1.14.1" 3
check "and unknown hosts" is "$P.1.5.4.1.17.1" 1
check "answers came from the static list" is "$P.1.5.7.1.4.1.4" 3
check "the director is down" is "$P.1.5.3.1.3.1" 5

snmpd_signal()
{
	signal snmpd "$1"
}
steady()
{
	local i

	for i in {1..200}; do
		request || { echo "request $i failed"; return 1; }
	done
}
snmpd_signal STOP
check "a hanging snmpd changes no answer" steady
sleep 3
check "nor does one that hangs for long" steady
snmpd_signal CONT
check "the objects are back" back 15 $uptime
snmpd_stop KILL
check "a dead snmpd changes no answer" steady
snmpd_start
check "the objects are back within 3 s" back 3 $uptime
stop hopfrontd
check "it ends with status 0" [ "$status" = 0 ]
check "no sanitizer complained" \
    no_complaint
exit $failed

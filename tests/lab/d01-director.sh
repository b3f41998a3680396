#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The director as a process, on unix sockets: a collector in the shell feeds
# it, a front end asks it. Needs neither root nor a network.
# LAB_BUILD names the build that is tested.
#
# shellcheck disable=SC2317 # functions are called through check

set -u
# shellcheck source=tests/lab/programs.sh
. "$(dirname "${BASH_SOURCE[0]}")/programs.sh"
built hopdirectord tests/lab/lines
programs_begin
sock=$dir/d.sock
check_logs=("$dir/director.log")

# One ask as a front end; prints the answer.
ask()
{
	echo "ask 1 $*" | "$bin/tests/lab/lines" -w 'best 1 ' "$sock" frontend f1 |
	    grep '^best'
}

asked()
{
	local want=$1

	shift
	ask "$@" | tee /dev/stderr | grep -qE "$want"
}

not_asked()
{
	! asked "$@"
}

cat >"$dir/conf.xml" <<EOF
<hopscotch xmlns="urn:hopscotch:config:1">
  <network replies="own">
    <site id="ny"/><site id="la"/>
    <link between="ny la" delay="30ms"/>
  </network>
  <policy id="p"><path/><connections limit="2000"/></policy>
  <server id="ny1" site="ny"><alias border="ny" name="ny1.test" address="10.1.1.1"/></server>
  <server id="ny2" site="ny"><alias border="ny" name="ny2.test" address="10.1.2.1"/></server>
  <server id="la1" site="la"><alias border="la" name="la1.test" address="10.2.1.1"/></server>
  <service id="www" protocol="http" host="www.test" policy="p">
    <use server="ny1"/><use server="ny2"/><use server="la1"/>
  </service>
  <manager id="m1" host="nowhere"/>
  <director id="d1" host="nowhere"><listen socket="$sock"/></director>
</hopscotch>
EOF

begins()
{
	start director "$bin/hopdirectord" -f "$dir/conf.xml" --id d1 --no-snmp
	lab_wait 5 shows d 'daemon d1'
}
check "it starts and tells its status" begins
check "without feeds all servers are drawn by weight" \
    asked '^best 1 1000 24 ny1 .* 10000 ny2 .* 10000$' \
    www ny 192.0.2.1

feed shell "$sock" collector shell
to shell 'borders unit=ms ny la'
to shell 'load ny1 1000 ny2 2000 la1 3000'
to shell 'ping 192.0.2.0/24 80 10'
to shell 'ping 198.51.100.0/24 10 80'
check "a collector in the shell feeds it" \
    lab_wait 3 asked '24 ny1 .* 1000 ny2 .* 2000$' www ny 198.51.100.1
check "the measured path decides" \
    asked '24 la1 la la1.test 10.2.1.1 3000$' www ny 192.0.2.9
check "status names the feed in use" \
    shows d 'feed shell role=collector state=up .* loads=in-use paths=in-use'

# A front end that stays and hears what is pushed.
feed front "$sock" frontend f2
to shell 'state ny2 draining by-operator'
check "a drained server is told to front ends as gone" \
    lab_wait 2 grep -qx 'gone ny2' "$dir/front.log"
check "and no longer named" \
    not_asked 'ny2' www ny 198.51.100.1
to shell 'state ny2 up -'
check "until it is back" \
    lab_wait 2 asked 'ny2' www ny 198.51.100.1

to shell 'load ny1'
to shell 'ping 192.0.2.0/24 1'
to shell 'bogus'
to shell 'load nobody 5 ny1 1500'
check "malformed lines are answered with errors" \
    lab_wait 2 grep -q '^error unknown verb bogus' "$dir/shell.log"
check "three of them" [ "$(grep -c '^error ' "$dir/shell.log")" = 3 ]
check "and counted" shows d 'feed shell .* errors=3 unknown=1$'
check "good ones among them are taken" \
    asked 'ny1 .* 1500 ny2' www ny 198.51.100.1

for ((i = 0; i < 1000; i++)); do
	to shell "state la1 $([ $((i % 2)) = 0 ] && echo down || echo up) x$i"
done
to shell 'state la1 down at-last'
check "a thousand changes in a burst end in the last one" \
    lab_wait 5 shows d 'server la1 .* state=down reason=at-last'
check "a server that is down is not named" \
    not_asked 'la1' www ny 192.0.2.9
to shell 'state la1 up -'

# A manager ranks before the collector; it gives loads only.
feed manager "$sock" manager m1
to manager 'load ny1 7000 ny2 8000 la1 9000'
to manager synced
check "a manager's loads go before a collector's" \
    lab_wait 3 asked '7000 ny2 .* 8000$' www ny 198.51.100.1
check "while the collector's paths stay in use" \
    shows d 'feed shell .* loads=- paths=in-use'
cut_off manager
check "without the manager the collector's are back" \
    lab_wait 3 shows d 'feed m1 .* state=down reason=[a-z]'

# The last feed goes: its values stay and age toward the weights.
to shell 'load ny1 1000 ny2 2000 la1 3000'
check "the collector's loads are in use" \
    lab_wait 3 asked '24 ny1 .* 1000 ny2 .* 2000$' www ny 198.51.100.1
cut_off shell
check "values of a feed that was killed are used" \
    asked '24 ny1 .* 1000 ny2 .* 2000$' www ny 198.51.100.1
check "its paths too" \
    asked '24 la1 la la1.test 10.2.1.1' www ny 192.0.2.9
check "they are shown as ageing" \
    shows d 'feed shell .* state=down .* loads=ageing paths=ageing'
ageing()
{
	local load

	load=$(rows d | sed -n 's/^row server ny1 .* load=\([0-9]*\) .*/\1/p')
	[ "$load" -gt 1000 ] && [ "$load" -lt 10000 ]
}
check "after three polls they age toward the weights" lab_wait 12 ageing

# It comes back: nothing is forgotten until it has told all.
feed shell "$sock" collector shell
check "a feed that comes back is asked for everything" \
    lab_wait 2 grep -qx resync "$dir/shell.log"
check "its old values stay in use" \
    asked '24 la1 la la1.test 10.2.1.1' www ny 192.0.2.9
to shell 'load ny1 3000 ny2 4000'
to shell synced
check "then what it has told anew holds" \
    lab_wait 2 asked '24 ny1 .* 3000 ny2 .* 4000$' www ny 198.51.100.1
check "its old paths stay: they age by themselves" \
    asked '24 la1 la la1.test 10.2.1.1' www ny 192.0.2.9

stop director
check "SIGTERM ends it with status 0" [ "$status" = 0 ]
check "its socket is removed" [ ! -e "$sock" ]
check "no sanitizer complained" no_complaint
exit $failed

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Sticky services, preferences of clients and backups, as clients see them:
# curl from addresses of many prefixes on loopback, a front end and a director,
# which a feed in the shell tells loads and states. Needs neither root nor a
# network. LAB_BUILD names the build that is tested.
#
# shellcheck disable=SC2317,SC2329 # functions are called through check

set -u
# shellcheck source=tests/lab/programs.sh
. "$(dirname "${BASH_SOURCE[0]}")/programs.sh"
export LC_ALL=C
built hopfrontd hopdirectord hopctl tests/lab/lines
programs_begin curl
check_logs=("$dir/director.log" "$dir/front.log")
trap '' PIPE

front=$(free_port)
cat >"$dir/conf.xml" <<XML
<hopscotch xmlns="urn:hopscotch:config:1">
  <network>
    <site id="ny"/><site id="la"/><border id="la-b" site="la"/>
    <link between="ny la" delay="30ms"/>
  </network>
  <policy id="near"><path/><connections limit="2000"/></policy>
  <policy id="load"><connections limit="2000"/></policy>
  <server id="ny1" site="ny"><alias border="ny" name="ny1.test" address="10.1.1.1"/></server>
  <server id="ny2" site="ny"><alias border="ny" name="ny2.test" address="10.1.2.1"/></server>
  <server id="la1" site="la">
    <alias border="la" name="la1.test" address="10.2.1.1"/>
    <alias border="la-b" name="la1-b.test" address="10.2.1.2"/>
  </server>
  <server id="la2" site="la"><alias border="la" name="la2.test" address="10.2.2.1"/></server>
  <server id="bk1" site="la"><alias border="la" name="bk1.test" address="10.2.9.1"/></server>
  <prefer client="127.20.0.0/16" site="la"/>
  <prefer client="127.20.7.0/24" border="la-b"/>
  <service id="shop" host="shop.test" policy="load" sticky="prefix">
    <use server="ny1"/><use server="ny2"/><use server="la1"/><use server="la2"/>
  </service>
  <service id="www" host="www.test" policy="near">
    <use server="ny1"/><use server="ny2"/><use server="la1"/><use server="la2"/>
    <use server="bk1" backup="yes"/>
    <prefer client="127.20.8.0/24" server="la2"/>
  </service>
  <director id="d1" host="nowhere"><listen socket="$dir/d.sock"/></director>
  <frontend id="f1" site="ny" host="nowhere">
    <listen address="127.0.0.1" port="$front"/>
    <control socket="$dir/f1.sock"/>
  </frontend>
</hopscotch>
XML

# server SERVICE CLIENT: the name in the redirect of a client.
server()
{
	curl -s -m 5 -o /dev/null -w '%{redirect_url}' --interface "$2" \
	    -H "Host: $1.test" "http://127.0.0.1:$front/" |
	    sed 's|^http://\([^/:]*\)\.test.*|\1|'
}

# gets PATTERN SERVICE CLIENT
gets()
{
	local got

	got=$(server "$2" "$3")
	echo "$2 $3: $got"
	[[ $got =~ ^($1)$ ]]
}

# The servers of 24 prefixes of shop, a line each, to a file.
shop()
{
	local i

	for i in {1..24}; do
		echo "$i $(server shop "127.10.$i.$1")"
	done >"$dir/shop.$2"
}

# The same as the director says it, whatever the front end still holds.
shop_told()
{
	local i

	for i in {1..24}; do
		echo "$i $("$bin/hopctl" explain -f "$dir/conf.xml" --json \
		    --contact ny --service shop "127.10.$i.$1" | tr -d ' \n' |
		    sed 's/.*"candidates":\[{"server":"\([^"]*\)".*/\1/')"
	done >"$dir/shop.$2"
}

same()
{
	diff "$dir/shop.$1" "$dir/shop.$2"
}

# The clients of one server, and only they, have moved; it has none left.
only_its_own_moved()
{
	diff "$dir/shop.$1" "$dir/shop.$2" >"$dir/moved"
	cat "$dir/moved"
	! grep -v " $3\$" <(sed -n 's/^< //p' "$dir/moved") &&
	    ! grep " $3\$" "$dir/shop.$2"
}

director()
{
	start director "$bin/hopdirectord" -f "$dir/conf.xml" --id d1 --no-snmp
	lab_wait 5 [ -S "$dir/d.sock" ] || return 1
	feed shell "$dir/d.sock" collector shell
	to shell 'borders unit=ms ny la la-b' 'ping 127.0.0.0/8 10 80 90' \
	    'load ny1 9000 ny2 9000 la1 9000 la2 9000 bk1 9000' synced
	start front "$bin/hopfrontd" -f "$dir/conf.xml" --id f1 --no-snmp
	lab_wait 5 gets 'ny[12]' www 127.0.0.1
}

explained()
{
	local want=$1

	shift
	"$bin/hopctl" explain -f "$dir/conf.xml" --contact ny "$@" |
	    tee /dev/stderr | tr -d ' \n' | grep -qE "$want"
}

check "director and front end start" director

# Sticky.
shop 5 first
check "each prefix gets a server" [ "$(grep -cE ' (ny|la)[12]$' "$dir/shop.first")" = 24 ]
check "more than two servers have some" \
    [ "$(cut -d' ' -f2 "$dir/shop.first" | sort -u | wc -l)" -gt 2 ]
to shell 'load ny1 5000 ny2 9000 la1 6500 la2 8000'
check "loads jitter" lab_wait 2 shows d 'server la2 .* load=8000'
shop_told 77 told
check "which moves nobody" same first told
shop 77 jitter
check "others of a prefix get the same as the first" same first jitter
first=$(sed -n '1s/.* //p' "$dir/shop.first")
to shell "state $first down connect-refused"
moved()
{
	! gets "$first" shop 127.10.1.5
}
lab_wait 3 moved
shop 5 down
check "when a server is down its own prefixes move, nobody else" \
    only_its_own_moved first down "$first"
to shell "state $first up -"
lab_wait 4 gets "$first" shop 127.10.1.5
back()
{
	shop 5 back && same first back
}
check "when it is back they are back" lab_wait 5 back
check "explain shows it" explained \
    '"sticky":{"prefix":"127.10.1.0/24","first":"'"$first"'","shed":false}.*"server":"'"$first"'".*"probability":1[,}]' \
    --service shop --json 127.10.1.9
check "with all that an explanation has" explained '"delays":\[\{"from":"ny"' \
    --service shop --json 127.10.1.9
other=$(sed 's/.* //' "$dir/shop.first" | grep -vx -m1 "$first")
check "and why not another one" explained 'another.*server.*has' \
    --service shop --why-not "$other" 127.10.1.9
to shell "load $first 1 ny1 9000 ny2 9000 la1 9000 la2 9000 $first 1"
check "a server without any load left gives its prefixes up" \
    lab_wait 4 moved
to shell 'load ny1 9000 ny2 9000 la1 9000 la2 9000'

# Preferences.
check "clients go to the nearest" gets 'ny[12]' www 127.30.0.1
check "those with a preference elsewhere" gets 'la[12]' www 127.20.0.1
check "by a longer prefix through an exit" gets 'la1-b' www 127.20.7.1
check "by the service's own to a server" gets 'la2' www 127.20.8.1
check "which another service does not have" gets 'la[12]' shop 127.20.8.1
to shell 'state la2 draining by-operator'
check "a drained one is not preferred" lab_wait 3 gets 'ny[12]' www 127.20.8.1
to shell 'state border:la-b down uplink-silent'
check "nor an exit that is down" lab_wait 3 gets 'ny[12]' www 127.20.7.1
check "explain says why" explained \
    'preferredfor127.20.7.0/24:borderla-b;ignored:nonethatissuchcanbereached' \
    --service www 127.20.7.1
to shell 'state la2 up -' 'state border:la-b up -'
check "they are back" lab_wait 4 gets 'la1-b' www 127.20.7.1
check "both of them" lab_wait 4 gets 'la2' www 127.20.8.1

# Backups.
to shell 'state ny1 down x' 'state ny2 overloaded at-limit' 'state la1 down x'
to shell 'state la2 draining x'
check "a server that is overloaded is left" lab_wait 3 gets ny2 www 127.30.0.1
to shell 'state ny2 down x'
check "with nobody left the backup serves" lab_wait 3 gets bk1 www 127.30.0.1
check "status says so" shows d 'service www .* state=up reason=backup'
to shell 'state la1 up -'
check "until one is back" lab_wait 4 gets la1 www 127.30.0.1
to shell 'state ny1 up -' 'state ny2 up -' 'state la2 up -'
check "all are back" lab_wait 4 back

# Without a director.
stop director
check "the director ends" [ "$status" = 0 ]
shop 99 alone
check "without a director prefixes keep their servers" same first alone
alone()
{
	local i got

	for i in 101 102 103 104 105 106 107 108; do
		got=$(server shop "127.11.$i.1")
		"$bin/hopctl" explain -f "$dir/conf.xml" --feed /dev/null \
		    --contact ny --service shop --json "127.11.$i.1" |
		    tr -d ' \n' | grep "\"candidates\":\[{\"server\":\"$got\"" ||
		    return 1
	done
}
check "new ones get what a director would say" alone
check "preferences hold in the static list" gets 'la[12]' www 127.20.99.1
check "backups stay out of it" gets '(ny|la)[12]' www 127.31.0.1
check "no sanitizer complained" no_complaint
exit $failed

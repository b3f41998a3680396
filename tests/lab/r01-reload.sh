#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# New configurations for a running farm under load: no request fails, no
# connection ends, and what the daemons learned stays. Each change goes through
# all daemons, while clients keep connections open at one front end and new ones
# come to another.
# lab: seconds=55

set -u
here=$(cd "$(dirname "$0")" && pwd)
LAB_NAME=${LAB_NAME:-lab-r01-reload}
LAB_PREFIX=${LAB_PREFIX:-hop-s-}
. "$here/lib.sh"
. "$here/wan.sh"
. "$here/farm.sh"
. "$here/tls.sh"
. "$here/load.sh"

DAEMONS="manager director front-ny front-la front-dc front-sj"

# edit SED-SCRIPT: the configuration from now on, in one step as an operator
# would put it there.
edit()
{
	sed -E "$1" "$LAB/etc/hopscotch.xml" >"$LAB/etc/next.xml" &&
	    ! cmp -s "$LAB/etc/next.xml" "$LAB/etc/hopscotch.xml" &&
	    mv "$LAB/etc/next.xml" "$LAB/etc/hopscotch.xml"
}

keep_good()
{
	cp "$LAB/etc/hopscotch.xml" "$LAB/etc/good.xml"
}

put_good()
{
	cp "$LAB/etc/good.xml" "$LAB/etc/next.xml"
	mv "$LAB/etc/next.xml" "$LAB/etc/hopscotch.xml"
}

# reload DAEMON: what it answers; fails unless it took the file.
reload()
{
	# What is refused ends with `error`; the status behind it with `done`.
	tell "$1" reload status >"$LAB/reloaded" 2>&1
	grep -v '^row ' "$LAB/reloaded"
	! grep -q '^error ' "$LAB/reloaded" &&
	    grep -q '^done ' "$LAB/reloaded"
}

reload_all()
{
	local d

	for d in ${1:-$DAEMONS}; do
		reload "$d" || return
	done
}

value()
{
	sed -n "s/.* $1=\([^ ]*\).*/\1/p"
}

hash_of()
{
	shows "$1" daemon | value hash
}

same_hash()
{
	local d want

	want=$(hash_of manager)
	for d in $DAEMONS; do
		echo "$d $(hash_of "$d")"
		[ -n "$want" ] && [ "$(hash_of "$d")" = "$want" ] || return
	done
}

# The hashes that the director and the front ends know of each other.
none_skewed()
{
	local d

	for d in $DAEMONS; do
		! shows "$d" '.* skewed=yes' || return
	done
}

skew_is_shown()
{
	shows director 'asker front-la .* skewed=yes' &&
	    shows director 'feed manager .* skewed=yes' &&
	    shows front-la 'director .* skewed=yes' &&
	    farm_snmp hopnms snmpget director -OQv hopDirectorPeersSkewed.0 |
	    tee -a /dev/stderr | grep -q '^4 '
}

up_servers()
{
	[ "$(shows director 'server .* state=up' | wc -l)" = "$1" ]
}

##############################################################################

load_start()
{
	lab_start steady client-la "$LAB/bin/steady" 300 40 250 10.2.0.1 80 \
	    www.test.com
	lab_start load client-ny "$LAB/bin/load" 300 50 8 10.1.0.1 80 \
	    www.test.com "${FARM_CLIENT[ny]}" 198.18.1.1
	lab_start_follow
}

# Clients that go where they are sent, four a second.
lab_start_follow()
{
	(
		trap 'exit 0' TERM
		for _ in $(seq 1200); do
			ip netns exec "${LAB_PREFIX}client-dc" curl -sL -m 5 \
			    -o /dev/null -w '%{http_code} %{url_effective}\n' \
			    "http://www.test.com/$RANDOM" 9>&-
			sleep 0.25
		done
	) >"$LAB/log/follow.log" 2>&1 9>&- &
	echo $! >"$LAB/pid/follow"
}

load_ends_well()
{
	local name

	for name in load steady follow; do
		lab_signal $name TERM
		wait "$(lab_pid $name)"
	done
	cat "$LAB/log/steady.log"
	grep -v '^200 ' "$LAB/log/follow.log"
	no_request_failed &&
	    grep -q '^requests [1-9][0-9]* failed 0 dropped 0 ' \
		"$LAB/log/steady.log" &&
	    [ "$(wc -l <"$LAB/log/follow.log")" -gt 10 ] &&
	    ! grep -qv '^200 ' "$LAB/log/follow.log"
}

# Names that N requests are sent to at the front end of ny.
sent_to()
{
	lab_run client-ny curl -s -m 5 -o /dev/null -w '%{redirect_url}\n' \
	    -H "Host: ${2:-www.test.com}" "http://10.1.0.1/?[1-$1]"
}

some_to()
{
	sent_to 40 | grep -q "http://$1"
}

none_to()
{
	! some_to "$1"
}

# An NMS's row of an element: number DAEMON TABLE-COLUMN NAME.
number()
{
	farm_snmp hopnms snmpwalk "$1" -OQs "$2" |
	    sed -n "s/^[A-Za-z]*\.\([0-9]*\) = \"*$3\"*$/\1/p"
}

same_numbers()
{
	local s

	for s in ny1 la2 sj2; do
		echo "$s $(number director hopDirectorServerName "www.$s.test.com")"
	done >"$LAB/numbers.now"
	cat "$LAB/numbers.now"
	[ "$(grep -c ' [0-9]' "$LAB/numbers.now")" = 3 ] || return
	[ -e "$LAB/numbers" ] || cp "$LAB/numbers.now" "$LAB/numbers"
	cmp "$LAB/numbers" "$LAB/numbers.now"
}

is_draining()
{
	shows director 'server www.dc2.test.com .*state=draining'
}

##############################################################################

test_nothing_new()
{
	local before

	before=$(shows front-la listener | head -1 | value requests)
	check "a file that did not change is taken" reload_all
	check "all servers are up at once" up_servers 8
	check "feed and askers stay connected" \
	    shows director 'daemon .*askers=4 .*feeds-up=1'
	check "counters go on" test \
	    "$(shows front-la listener | head -1 | value requests)" -ge "$before"
	check "row numbers are known" lab_wait 10 same_numbers
}

test_remove()
{
	check "dc2 is drained by an operator" \
	    farm_hopctl drain server \
	    www.dc2.test.com --reason "new disks"
	check "the director knows" lab_wait 5 is_draining
	keep_good
	check "a server goes from the file" edit \
	    '/<server id="www.ny2/,/<\/server>/d; /<use server="www.ny2/d'
	check "front ends and director first: the skew is shown" \
	    reload_all "front-ny director"
	check "in status on both sides" lab_wait 5 skew_is_shown
	check "then the others" reload_all "manager front-la front-dc front-sj"
	check "no client is sent there" none_to www.ny2
	check "the director forgot it" up_servers 6
	check "the hash is everywhere the same" lab_wait 5 same_hash
	check "and the skew has ended" lab_wait 5 none_skewed
	check "the drain is kept" is_draining
	check "row numbers too" lab_wait 10 same_numbers
	check "skew was logged once when it began" test \
	    "$(grep -c 'director director .*different' \
		"$LAB/log/front-la.log")" = 1
	check "and once when it ended" test "$(grep -c \
	    'director director .*the same configuration again' \
	    "$LAB/log/front-la.log")" = 1
}

test_add()
{
	put_good
	check "it comes back, at the end" edit \
	    '/<server id="www.ny2/,/<\/server>/{H;d}; /<service id="www"/{x;G}'
	check "director first" reload_all "director"
	check "nobody has judged it yet, so nobody is sent there" shows director \
	    'server www.ny2.test.com .*state=unknown'
	check "then the others" reload_all
	check "it gets clients when the manager has judged it" \
	    lab_wait 15 some_to www.ny2
	check "the drain is kept" is_draining
	check "and ended by an operator" farm_hopctl undrain \
	    server www.dc2.test.com
	check "all are up" lab_wait 10 up_servers 8
	check "numbers stay with their servers" lab_wait 10 same_numbers
}

test_order()
{
	check "the order of servers and uses changes" edit \
	    '/<server id="www.la1/,/<\/server>/{H;d}; /<server id="www.sj2/{x;G;s/^\n//}; /<use server="www.ny1/{h;d}; /<use server="www.la1/G'
	check "all take it" reload_all
	check "all are up at once" up_servers 8
	check "numbers stay with their servers" lab_wait 10 same_numbers
}

test_policy()
{
	check "weight and policy change" edit \
	    's/id="www.ny1.test.com"/& weight="20"/; s/limit="200" weight="2"/limit="300"/; s/fuzz="5%"/fuzz="10%"/'
	check "hopctl reload tells all" farm_hopctl reload
	check "the hash is everywhere the same" lab_wait 5 same_hash
	check "most are sent to the heavy one" lab_wait 10 is_heavy
}

is_heavy()
{
	[ "$(sent_to 40 | grep -c www.ny1)" -ge 25 ]
}

is_code()
{
	[ "$(lab_run client-ny curl -s -m 5 -o /dev/null -w '%{http_code}' \
	    -H "Host: $2" "http://10.1.0.1:${3:-80}/")" = "$1" ]
}

test_service()
{
	check "an unknown host is refused" is_code 421 new.test.com
	check "a service comes, before the others" edit \
	    's|^( *)<service id="www"|\1<service id="new" protocol="http" host="new.test.com" policy="balanced"><use server="www.la1.test.com"/><try type="tcp"/></service>\n&|'
	check "all take it" reload_all
	check "it is served" lab_wait 5 is_code 302 new.test.com
	check "and goes again" edit '/<service id="new"/d'
	check "all take that too" reload_all
	check "its host is refused again" is_code 421 new.test.com
}

has_port()
{
	lab_run front-ny ss -ltnH "sport = :$1" | grep -q LISTEN
}

no_port()
{
	! has_port "$1"
}

test_listener()
{
	check "a listener comes" edit \
	    's|<listen protocol="http" address="10.1.0.1" port="80"/>|&<listen protocol="http" address="10.1.0.1" port="8080"/>|'
	check "the front end takes it" reload_all
	check "it is served" is_code 302 www.test.com 8080
	lab_start stays client-ny "$LAB/bin/steady" 60 2 200 10.1.0.1 8080 \
	    www.test.com
	check "clients connect" lab_wait 5 shows front-ny \
	    'listener http:10.1.0.1:8080 clients=2'
	check "it goes again" edit 's|<listen [^>]*port="8080"/>||'
	check "the front end takes that" reload_all
	check "nobody listens there" no_port 8080
	sleep 1
	lab_signal stays TERM
	check "who was connected there was served on" wait "$(lab_pid stays)"
	keep_good
	check "a port below 1024 after root is gone" edit \
	    's|<listen protocol="http" address="10.1.0.1" port="80"/>|&<listen protocol="http" address="10.1.0.1" port="81"/>|'
	check "is refused, with the remedy" refuses front-ny \
	    'port.*1024.*CAP_NET_BIND_SERVICE'
	put_good
	check "a control socket and a port of the director move" edit \
	    's|run/director.sock"/>|run/director.sock"/><listen socket="'"$LAB"'/run/other.sock"/>|; s|port="26559"|port="26560"|'
	check "the director takes that" reload_all
	check "the new ones are there" test -S "$LAB/run/other.sock"
	check "and the old ones gone" test -z \
	    "$(lab_run director ss -ltnH 'sport = :26559')"
}

# options FILE LINE...: the options of an agent from now on.
options()
{
	local file=$LAB/host/$1

	shift
	printf '%s\n' "$@" >"$file.new"
	mv "$file.new" "$file"
}

# Since when the manager calls its servers up, in seconds of this script.
up_since()
{
	local now=$SECONDS

	shows manager server | awk -v now="$now" '{
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^since=/) since = substr($i, 7)
			if ($i ~ /^state=/) state = substr($i, 7)
		}
		print $3, state, now - since
	}'
}

# None of them was anything else meanwhile; one second is rounding.
none_changed()
{
	up_since | paste -d' ' - "$LAB/up" | tee /dev/stderr | awk '
	$2 != "up" || $1 != $4 || $3 > $6 + 1 { bad = 1 }
	END { exit bad }'
}

# The agents have files of their own: checks, ports, lists, rates.
test_agents()
{
	local h a all=

	up_since >"$LAB/up"
	for h in $FARM_SERVERS; do
		a=$(farm_aliases "$h" | head -1)
		all="$all hoploadd-$h"
		options "$h/hoploadd.options" "interval 500ms" "port 80,443" \
		    "check more=tcp:$a:80" "check www=http://$a:80/"
	done
	check "load daemons take a check more, a port, an interval" \
	    reload_all "$all"
	check "the new check is judged" lab_wait 5 shows "hoploadd-ny1" \
	    'check more .*state=up'
	for h in $FARM_SERVERS; do
		a=$(farm_aliases "$h" | head -1)
		options "$h/hoploadd.options" "port 80" \
		    "check www=http://$a:80/?other"
	done
	check "and one less, the other asked otherwise" reload_all "$all"
	options border-ny/options 'allow 100.64.0.0/16' 'rate 500' \
	    "canary ${FARM_CANARIES%% *}"
	check "a prober takes other lists" reload hoppingd-ny
	check "its uplink is up" shows hoppingd-ny 'uplink ny state=up'
	sleep 3
	check "no server was anything but up to the manager" none_changed
	check "and none to the director" up_servers 8
	options ny1/hoploadd.options 'port 0' 'user root'
	check "mistakes are refused: file, line, what is allowed" agent_refuses
}

agent_refuses()
{
	! reload hoploadd-ny1 &&
	    grep -q '^fault .*hoploadd.options:1:.*65535' "$LAB/reloaded" &&
	    grep -q '^fault .*hoploadd.options:2:.*restart' "$LAB/reloaded" &&
	    shows hoploadd-ny1 'check www .*state=up'
}

# A second director, on the host of the first.
start_director2()
{
	lab_start_unprivileged director2 director env \
	    HOPSCOTCH_RUN="$LAB/run" HOPSCOTCH_STATE="$LAB/state" \
	    "$LAB/bin/hopdirectord" -f "$LAB/etc/hopscotch.xml" \
	    --id director2 --no-snmp
}

asks_grow()
{
	local before

	before=$(shows front-la "director $1 " | value asks)
	sleep 0.5
	[ "$(shows front-la "director $1 " | value asks)" -gt "$before" ]
}

test_director()
{
	keep_good
	check "a director comes, before the other" edit \
	    's|^( *)<director id="director"|\1<director id="director2" fresh="10s"><listen socket="'"$LAB"'/run/director2.sock"/></director>\n&|'
	start_director2
	check "all take it" reload_all
	check "the manager feeds it" lab_wait 10 shows director2 \
	    'feed manager .*loads=in-use'
	check "front ends ask it" lab_wait 5 asks_grow director2
	put_good
	check "it goes again" reload_all
	check "front ends have left it" lab_wait 5 shows director2 \
	    'daemon .*askers=0'
	check "and ask the other one" lab_wait 5 asks_grow director
	lab_stop director2
}

# The front end of dc has no root at all, but the right to low ports.
test_capability()
{
	keep_good
	check "a port below 1024 and another access log, with the capability" \
	    edit 's|<listen protocol="http" address="10.3.0.1" port="80"/>|&<listen protocol="http" address="10.3.0.1" port="81"/>|; s|access-dc.log|other-dc.log|; s|id="front-dc"|& cache="1000" clients="500"|'
	check "are taken" reload front-dc
	check "it is served" served_at_81
	check "and logged in the new file" lab_wait 3 grep -q service=www \
	    "$LAB/log/other-dc.log"
	check "the new bounds hold" shows front-dc \
	    'daemon .*clients-max=500 .*kept-max=1000'
	put_good
	check "and back again" reload front-dc
	check "nobody listens there" test -z \
	    "$(lab_run front-dc ss -ltnH 'sport = :81')"
}

served_at_81()
{
	[ "$(lab_run client-dc curl -s -m 5 -o /dev/null -w '%{http_code}' \
	    -H "Host: www.test.com" http://10.3.0.1:81/)" = 302 ]
}

# certificate CA: a new authority, and a certificate of it for all roles.
certificate()
{
	local tls=$LAB/tls

	rm -rf "$tls"
	mkdir "$tls"
	tls_authority "$1" &&
	    tls_certificate "of-$1" "$1" 2 manager director frontend &&
	    chown "$LAB_USER:$LAB_GROUP" "$tls"/* &&
	    mv "$tls/of-$1.key" "$LAB/etc/all.key" &&
	    mv "$tls/of-$1.crt" "$LAB/etc/all.pem" &&
	    mv "$tls/$1.crt" "$LAB/etc/trust.pem"
}

# Whose certificate a client is shown.
shown_certificate()
{
	lab_run front-ny openssl s_client -connect 10.9.0.2:26570 \
	    </dev/null 2>/dev/null |
	    openssl x509 -noout -subject
}

tls_connections()
{
	[ "$(lab_run director ss -tnH state established 'sport = :26570' |
	    wc -l)" = "$1" ]
}

test_tls()
{
	check "certificates are made" certificate one
	check "the director listens with TLS, in the first place" edit \
	    's|<network>|<tls cert="all.pem" key="all.key" ca="trust.pem"/>&|; s|(<director id="director"[^>]*>)|\1<listen address="10.9.0.2" port="26570" tls="yes"/>|'
	check "all take it" reload_all
	lab_stop front-sj
	farm_start_front sj
	check "who comes now comes with TLS" lab_wait 10 tls_connections 1
	check "nobody else did anything" lab_wait 5 shows director \
	    'daemon .*askers=4 '
	check "certificates of another authority" certificate two
	check "are taken by all, TLS connections stay" reload_all
	check "the one there was is there" tls_connections 1
	check "new ones see the new one" grep -q of-two <(shown_certificate)
	lab_stop front-sj
	farm_start_front sj
	check "and use it" lab_wait 10 tls_connections 1
	echo nonsense >"$LAB/etc/all.pem"
	check "a certificate that is none is refused, by name" refuses \
	    director '^error .*all.pem'
	check "the one before is shown" grep -q of-two <(shown_certificate)
	check "certificates again" certificate three
	check "are taken" reload_all
	check "all are connected" lab_wait 5 shows director 'daemon .*askers=4 '
}

# refuses DAEMON PATTERN: the answer says so, and nothing has changed.
refuses()
{
	local before

	before=$(hash_of "$1")
	! reload "$1" && grep -qE "$2" "$LAB/reloaded" &&
	    grep -q '^error ' "$LAB/reloaded" &&
	    [ "$(hash_of "$1")" = "$before" ]
}

test_bad()
{
	local d

	keep_good
	check "the file gets two mistakes" edit \
	    's|select="weighted"|select="weightd"|; s|port="26560"|port="x"|'
	for d in $DAEMONS; do
		check "$d refuses it: file, line, what is allowed" refuses $d \
		    '^fault [^ ]*hopscotch.xml:[0-9]+:.*weightd.*best'
	done
	check "hopctl reload says so" hopctl_refused
	check "SIGHUP too changes nothing" hup_refused
	rm "$LAB/etc/hopscotch.xml"
	for d in $DAEMONS; do
		check "$d refuses a file that is missing" refuses $d \
		    'hopscotch.xml'
	done
	put_good
	check "our own id gone from the file" edit \
	    's/<director id="director"/<director id="director9"/'
	check "is refused by the director" refuses director \
	    '^error .*no <director'
	put_good
	chmod 644 "$LAB/etc/hopmgr.secret"
	check "the manager refuses a secret that others can read" refuses \
	    manager '^fault .*hopmgr.secret.*(0600|chmod)'
	check "which is none of the others' business" reload_all \
	    "director front-ny"
	chmod 600 "$LAB/etc/hopmgr.secret"
	check "all take the good file" reload_all
}

hopctl_refused()
{
	farm_hopctl reload director >"$LAB/said" 2>&1
	[ $? = 1 ] && grep -q 'hopscotch.xml:[0-9]*:' "$LAB/said"
}

hup_refused()
{
	local before

	before=$(hash_of director)
	lab_signal director HUP
	lab_wait 5 grep -q 'reload refused' "$LAB/log/director.log" &&
	    [ "$(hash_of director)" = "$before" ]
}

reloads()
{
	grep -c 'reloaded in' "$LAB/log/$1.log"
}

test_storm()
{
	local i d before

	before=$(reloads director)
	for i in $(seq 20); do
		put_good
		[ $((i % 2)) = 0 ] || edit \
		    '/<server id="www.sj1/,/<\/server>/d; /<use server="www.sj1/d'
		for d in $DAEMONS; do
			lab_signal "$d" HUP
		done
		sleep 0.1
	done
	check "20 SIGHUPs in 2 s: most were seen" \
	    test $(($(reloads director) - before)) -ge 10
	put_good
	check "in the end all have the last file" reload_all
	check "the same hash" lab_wait 5 same_hash
	check "all servers are up" lab_wait 15 up_servers 8
	check "no skew is left" lab_wait 5 none_skewed
	check "numbers stay with their servers" lab_wait 10 same_numbers
}

test_restart()
{
	check "a new file" edit \
	    '/<server id="www.sj1/,/<\/server>/d; /<use server="www.sj1/d'
	lab_kill manager
	check "is taken while the manager is gone" reload_all \
	    "director front-ny front-la front-dc front-sj"
	farm_start_manager
	check "and by the manager at its start" lab_wait 10 same_hash
	check "all are up" lab_wait 15 up_servers 7
	put_good
	check "back again, director last" reload_all \
	    "manager front-ny front-la front-dc front-sj director"
	check "all are up, with those it had not known" lab_wait 15 up_servers 8
}

# That of dc as packaged: no root, but the right to low ports.
eval "farm_start_front_as_root() $(declare -f farm_start_front | tail -n +2)"
farm_start_front()
{
	if [ "$1" != dc ]; then
		farm_start_front_as_root "$1"
		return
	fi
	lab_start front-dc front-dc setpriv --reuid "$LAB_USER" \
	    --regid "$LAB_GROUP" --clear-groups --no-new-privs \
	    --inh-caps=-all,+net_bind_service \
	    --ambient-caps=+net_bind_service env HOPSCOTCH_RUN="$LAB/run" \
	    HOPSCOTCH_STATE="$LAB/state" "$LAB/bin/hopfrontd" \
	    -f "$LAB/etc/hopscotch.xml" --id front-dc \
	    --agentx "$LAB/host/front-dc/agentx/master"
}

farm_begin()
{
	farm_make
	cp "$LAB_BUILD/tests/lab/steady" "$LAB/bin/" || exit 1
	farm_start
	check "all servers are up" lab_wait 25 up_servers 8
	check "the director hears of loads and paths" lab_wait 15 shows \
	    director 'feed manager .*loads=in-use paths=in-use'
	check "clients are redirected" lab_wait 10 some_to www.
}

# The time that all clients together wait for one reload.
show_times()
{
	local d

	for d in manager director front-la; do
		note "$d: reload took $(sed -n \
		    's/.*reloaded in \([0-9]*\) ms.*/\1/p' "$LAB/log/$d.log" |
		    sort -n | tail -1) ms at most"
	done
}

lab_begin nginx snmpd snmpwalk curl ss openssl
farm_begin
load_start
test_nothing_new
test_remove
test_add
test_order
test_policy
test_service
test_listener
test_agents
test_director
test_capability
test_bad
test_tls
test_storm
test_restart
show_times
check "no request failed, no connection was dropped" load_ends_well
note "$(tail -1 "$LAB/log/steady.log") (kept connections)"
note "$(head -1 "$LAB/log/load.log") (new ones)"
exit $failed

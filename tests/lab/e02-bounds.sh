#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What anybody may send: no redirect to where we did not say, no line in a log
# that is not ours, no memory or place without bound, on running daemons.
# doc/security.md says what each of this stands for.

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
. "$LAB_TOP/tests/lab/tls.sh"
own_network
snmp_begin openssl setpriv ip curl
built hopmanagerd hopdirectord hopfrontd hopctl tests/lab/lines

user=nobody group=nogroup
chmod 755 "$dir"
mkdir "$dir/run" "$dir/state" "$dir/tls" "$dir/log"
sockets=$dir/run
export HOPSCOTCH_RUN=$dir/run HOPSCOTCH_STATE=$dir/state

tls=$dir/tls
tls_authority ca
tls_certificate host ca 2 manager director frontend control

clients=200
cat >"$dir/hop.xml" <<END
<hopscotch xmlns="urn:hopscotch:config:1" domain="test.com">
  <network><site id="la"/></network>
  <policy id="even"/>
  <tls cert="tls/host.crt" key="tls/host.key" ca="tls/ca.crt"/>
  <server id="www.la1" site="la">
    <alias border="la" name="www.la1.test.com" address="127.0.0.1"
        address6="::1"/>
    <agent kind="none"/>
  </server>
  <service id="www" host="www.test.com" policy="even">
    <use server="www.la1"/>
  </service>
  <service id="away" host="away.test.com" policy="even"
      fallback="http://sorry.test.com">
    <use server="www.la1"/>
  </service>
  <service id="bare" host="bare.test.com" policy="even" location="address">
    <use server="www.la1"/>
  </service>
  <manager id="m">
    <listen socket="$dir/run/m.sock"/>
    <listen address="127.0.0.1" port="26001" tls="yes"/>
  </manager>
  <director id="d">
    <listen socket="$dir/run/d.sock"/>
    <listen address="127.0.0.1" port="26002" tls="yes"/>
    <listen address="127.0.0.1" port="26012"/>
  </director>
  <frontend id="f" site="la" clients="$clients" access-log="$dir/log/access">
    <listen address="127.0.0.1" port="80" default="www"/>
    <control socket="$dir/run/f.sock"/>
    <control address="127.0.0.1" port="26003" tls="yes"/>
  </frontend>
</hopscotch>
END
chown -R $user:$group "$dir/run" "$dir/state" "$dir/tls" "$dir/log"
plain=(setpriv --reuid "$user" --regid "$group" --clear-groups)
for d in m:hopmanagerd d:hopdirectord f:hopfrontd; do
	start "${d#*:}" "${plain[@]}" --inh-caps +net_bind_service \
	    --ambient-caps +net_bind_service "$bin/${d#*:}" -f "$dir/hop.xml" \
	    --id "${d%%:*}" --no-snmp
done

for d in m d f; do
	check "$d answers" lab_wait 5 rows $d
done

# No open redirector.

# send TEXT (of printf): to the front end; what it answers.
send()
{
	exec 3<>/dev/tcp/127.0.0.1/80 || return 1
	# shellcheck disable=SC2059 # it is a format, on purpose
	printf "$1" >&3
	timeout 5 cat <&3 | tr -d '\0' >"$dir/answer"
	exec 3>&-
}

# The lines of the head that are not one of ours.
not_ours()
{
	sed '/^\r$/q' "$dir/answer" | tr -d '\r' |
	    grep -vE '^(HTTP/1\.1 [0-9]{3} [A-Z][A-Za-z ]*|(Date|Cache-Control|Server-Timing|Content-(Type|Length)|Connection|Allow|Retry-After|Set-Cookie): .*|)$' |
	    grep -vE '^Location: http://(www\.la1\.test\.com|sorry\.test\.com|127\.0\.0\.1)/'
}

# answer STATUS TEXT: this status, and no field and no place that is not ours.
answer()
{
	send "$2"
	cat -v "$dir/answer"
	head -1 "$dir/answer" | grep -q "^HTTP/1.1 $1 " && ! not_ours &&
	    [ "$(grep -ac '^Location:' "$dir/answer")" -le 1 ]
}

end='Connection: close\r\n\r\n'
redirects()
{
	answer 302 'GET / HTTP/1.1\r\nHost: www.test.com\r\n'"$end" &&
	    grep -q '^Location: http://www.la1.test.com/' "$dir/answer"
}
check "a good request is redirected" redirects
while read -r status host; do
	check "Host: $host gets $status" answer "$status" \
	    "GET /x HTTP/1.1\\r\\nHost: ${host//\%/%%}\\r\\n$end"
done <<'END'
302 WWW.TEST.COM
302 www.test.com.
302 www.test.com:80
302 www.test.com:8080
302 bare.test.com
421 evil.example
421 www.test.com.evil.example
421 evilwww.test.com
421 www.la1.test.com
421 www.test.com..
421 127.0.0.1
421 [::1]
421 [::ffff:127.0.0.1]:80
421 %77ww.test.com
421 www.test.com%0d%0aLocation%3aevil.example
421 www.test.com%00.evil.example
400 www.test.com@evil.example
400 evil.example@www.test.com
400 www.test.com/evil.example
400 www.test.com\evil.example
400 www.test.com evil.example
400 www.test.com:evil
400 www.test.com:99999
400 [::1
400 [fe80::1%25lo]
400 http://www.test.com
END
while read -r status target; do
	check "target $target gets $status" answer "$status" \
	    "GET ${target//\%/%%} HTTP/1.1\\r\\nHost: www.test.com\\r\\n$end"
done <<'END'
302 //evil.example/
302 ///evil.example
302 /\\evil.example
302 /@evil.example
302 /.evil.example
302 /%0d%0aLocation:%20http://evil.example/
302 /%0aSet-Cookie:%20a=b
302 /%00
302 /?next=http://evil.example/
302 /;http://evil.example
302 http://www.test.com
302 http://www.test.com?//evil.example
302 http://www.test.com//evil.example/
421 ftp://www.test.com/
421 http://evil.example/
421 http://www.test.com.evil.example/
400 http://www.test.com@evil.example/
400 http://evil.example\\@www.test.com/
400 http://www.test.com:80@evil.example/
400 http:www.test.com/
400 http:/www.test.com/
400 http:///www.test.com/
400 evil.example
400 @evil.example/
400 .evil.example
400 \\evil.example
END
two_hosts='GET / HTTP/1.1\r\nHost: www.test.com\r\nHost: evil.example\r\n'
check "two hosts get 400" answer 400 "$two_hosts$end"
check "a bare CR is no line end" answer 400 \
    'GET / HTTP/1.1\r\nHost: www.test.com\rLocation: x\r\n'"$end"
check "a field over two lines gets 400" answer 400 \
    'GET / HTTP/1.1\r\nHost: www.test.com\r\n evil.example\r\n'"$end"
check "a NUL gets 400" answer 400 \
    'GET / HTTP/1.1\r\nHost: www.test.com\000evil\r\n'"$end"
check "a target with a line end gets 400" answer 400 \
    'GET /a\nLocation: http://evil.example HTTP/1.1\r\nHost: www.test.com\r\n'"$end"
check "who forwards, or claims to, is not believed" answer 302 \
    'GET / HTTP/1.1\r\nHost: www.test.com\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Original-URL: http://evil.example/\r\n'"$end"
check "cookies of ours that are not" answer 302 \
    'GET / HTTP/1.1\r\nHost: www.test.com\r\nCookie: hop=ffffffff.999.fffffffffffff; hop=a%%0d%%0ab\r\n'"$end"

tame_log()
{
	# The page's own bytes, behind the head, may say what they like.
	! grep -avE '^time=[^ ]+ client=127\.0\.0\.1 service=' "$dir/log/access" &&
	    ! LC_ALL=C grep -aP '[^\x20-\x7e]' "$dir/log/access" &&
	    [ "$(wc -l <"$dir/log/access")" -ge 55 ] &&
	    ! LC_ALL=C grep -aP '[^\x20-\x7e]' "$dir"/hop*.log
}
check "none of them wrote a line of its own into a log" \
    lab_wait 2 tame_log

# Nor does what a feed says reach the terminal of whoever asks.
tame_words()
{
	printf 'state www.la1 down %%1B[31mred%%0Aline%%C2%%9B2J\n' >"$dir/feed"
	"$bin/hopctl" explain -f "$dir/hop.xml" --feed "$dir/feed" \
	    --contact la --service www 192.0.2.9 >"$dir/said"
	grep 'down: ?\[31mred?line??2J' "$dir/said" &&
	    ! LC_ALL=C grep -P '[^\x20-\x7e]' "$dir/said"
}
check "nor does a feed move the cursor of an operator" tame_words

# Places and memory.

rss()
{
	awk '/^VmRSS:/ { print $2 }' "/proc/${pids[$1]}/status"
}
# grows DAEMON KB COMMAND...: not by more than that.
grows()
{
	local before after

	before=$(rss "$1")
	"${@:3}"
	after=$(rss "$1")
	echo "$1: $before KB before, $after KB after"
	echo "    $1: $before KB, then $after KB" >>"$dir/figures"
	# Sanitizers keep what is freed for a while.
	[ $((after - before)) -le "$2" ] || grep -q __asan_init "$bin/$1"
}

# One connection, many requests that differ in all that is remembered.
many_requests()
{
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "GET /%d?%d HTTP/1.1\r\nHost: %s\r\n" \
			    "Cookie: hop=%08x.1.%x\r\n\r\n", i, i * 7,
			    i % 3 ? "www.test.com" : i ".example", i, i
	}' >"$dir/requests"
	exec 3<>/dev/tcp/127.0.0.1/80 || return 1
	timeout 20 cat <&3 >"$dir/many" &
	timeout 20 cat "$dir/requests" >&3
	printf 'GET / HTTP/1.0\r\n\r\n' >&3
	wait $!
	exec 3>&-
	grep -ac '^HTTP/1.1' "$dir/many"
}
many_requests 20000 >/dev/null # what is kept at most is kept now
check "100 000 requests that all differ cost the front end no memory" \
    grows hopfrontd 2048 many_requests 100000
check "and were answered" test "$(grep -ac '^HTTP/1.1' "$dir/many")" -gt 100000

# hold PORT COUNT LEAST: connections that say nothing; so many are taken.
# shellcheck disable=SC2016 # expanded by the inner shell
hold()
{
	start "hold$1" bash -c '
	for ((i = 0; i < $1; i++)); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$0"
	done
	exec sleep 30' "$1" "$2"
	lab_wait 5 held "$1" "$3"
}
held()
{
	[ "$(ss -Htn state established "( sport = :$1 )" | wc -l)" -ge "$2" ]
}
check "the front end is full of clients that say nothing" hold 80 300 $clients
check "and serves the next one" redirects
check "holding them costs little" grows hopfrontd 2048 redirects
stop hold80
for p in 26001:m 26002:d 26003:f; do
	check "port ${p%:*}: full of peers that say nothing" \
	    hold "${p%:*}" 300 200
	check "the next one is heard" lab_wait 5 rows "${p#*:}"
	tls_hello()
	{
		{ echo 'hello hop/1 control e02 -'; printf 'bye\n%.0s' {1..101}; } |
		    timeout 5 openssl s_client -quiet \
		    -connect "127.0.0.1:${p%:*}" -cert "$dir/tls/host.crt" \
		    -key "$dir/tls/host.key" -CAfile "$dir/tls/ca.crt" \
		    2>/dev/null | grep '^hello hop/1'
	}
	check "with TLS too" tls_hello
	stop "hold${p%:*}"
done

# Noise on each port and socket; whoever makes it is closed.
noise()
{
	head -c 300000 /dev/urandom | timeout 5 bash -c "
	exec 3<>/dev/tcp/127.0.0.1/$1
	cat >&3
	cat <&3" >/dev/null 2>&1
	return 0
}
for p in 80 26001 26002 26003 26012; do
	noise $p
done
check "noise on each port: the front end serves" redirects
for d in m d f; do
	check "and $d answers" rows $d
done

# A collector that lies: three times the prefixes that may be.
paths()
{
	{
		echo "borders unit=us la"
		awk -v from="$1" -v n="$2" 'BEGIN {
			for (i = from; i < from + n; i++)
				printf "ping %d.%d.%d.%d %d\n", 1 + i / 16777216,
				    i / 65536 % 256, i / 256 % 256, i % 256,
				    1000 + i % 1000
		}'
		echo "no-such-verb"
	} | "$bin/tests/lab/lines" -w 'error unknown verb' "$dir/run/d.sock" \
	    collector liar path >/dev/null
}
# Seven million, where one is kept: 45 bytes each. What a feed said before it hung
# up is kept until it is back, so that there may be two sets for a while.
lies()
{
	local i

	for i in 0 1 2 3 4 5; do
		paths $((i * 1200000)) 1200000
	done
}
check "six million paths more than may be kept cost the director no memory" \
    grows hopdirectord 204800 lies
kept()
{
	rows d | grep -E 'prefixes=1048576 .*max=1048576'
}
check "it keeps as many as may be" kept
check "it still answers" rows d
check "and decides" redirects

# A line without end, on each socket, and a flood of bad ones.
endless()
{
	{ echo 'hello hop/1 control e02 -'; head -c 70000 /dev/zero | tr '\0' x; } |
	    timeout 5 bash -c '
	    exec 3<>/dev/tcp/127.0.0.1/26012; cat >&3; cat <&3' |
	    grep -a 'error a line of more than 65536 bytes'
}
check "a line without end is refused and its peer closed" endless
quiet()
{
	local n

	for n in "$dir"/hop*.log; do
		echo "$n: $(wc -l <"$n") lines"
		[ "$(wc -l <"$n")" -le 200 ] || return 1
	done
}
check "all this wrote no flood into the logs" quiet
cat "$dir/figures"

for d in hopfrontd hopdirectord hopmanagerd; do
	stop $d
	check "$d is still there, and ends well" test "$status" = 0
done
exit $failed

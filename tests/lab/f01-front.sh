#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The front end as a process, on loopback: real clients (curl, wget, lftp, the
# shell), without and with a director, which a feed in the shell tells loads.
# Content is served by nginx; one of its sites sends its clients back to the
# front end. Needs neither root nor a network. LAB_BUILD names the build.
#
# shellcheck disable=SC2317,SC2329 # functions are called through check

set -u
# shellcheck source=tests/lab/programs.sh
. "$(dirname "${BASH_SOURCE[0]}")/programs.sh"
export LC_ALL=C
built hopfrontd hopdirectord tests/lab/lines
programs_begin curl wget lftp nginx
check_logs=("$dir/front.log")

front=$(free_port) web=$(free_port) back=$(free_port)
url=http://localhost:$front

# Names of the loop resolve to the front end for curl alone.
loop_to=(--connect-to "loop.test:80:127.0.0.1:$front")

cat >"$dir/conf.xml" <<XML
<hopscotch xmlns="urn:hopscotch:config:1">
  <network>
    <site id="la"/><site id="sj"/>
    <link between="la sj" delay="1ms"/>
  </network>
  <policy id="even"/>
  <policy id="best" select="best"><connections/></policy>
  <server id="la1" site="la">
    <alias border="la" name="la1-la.test" address="127.0.0.1" address6="::1"/>
  </server>
  <server id="sj1" site="sj">
    <alias border="sj" name="sj1-sj.test" address="127.0.0.2"/>
    <alias border="la" name="sj1-la.test" address="127.0.0.3"/>
  </server>
  <service id="www" protocol="http" host="localhost web.test" policy="best"
      location="address" port="$web">
    <use server="la1"/><use server="sj1"/>
  </service>
  <service id="named" protocol="http" host="named.test" policy="even"
      redirect="301">
    <use server="la1"/>
  </service>
  <service id="loop" protocol="http" host="loop.test" policy="even"
      location="address" port="$back">
    <use server="la1"/>
  </service>
  <service id="four" protocol="http" host="four.test" policy="even"
      retry-after="7s">
    <use server="sj1"/>
  </service>
  <service id="sorry" protocol="http" host="sorry.test" policy="even"
      fallback="http://backup.test">
    <use server="sj1"/>
  </service>
  DIRECTOR
  <frontend id="f1" site="la" access-log="$dir/access.log">
    <listen protocol="http" address="127.0.0.1" port="$front" default="www"/>
    <listen protocol="http" address="::1" port="$front"/>
    <control socket="$dir/f1.sock"/>
  </frontend>
</hopscotch>
XML
sed 's/DIRECTOR//' "$dir/conf.xml" >"$dir/alone.xml"
sed "s|DIRECTOR|<director id=\"d1\"><listen socket=\"$dir/d.sock\"/></director>|" \
    "$dir/conf.xml" >"$dir/with.xml"

mkdir "$dir/web"
for i in 1 2 3 4 5 6 7 8; do
	echo "<a href=\"/p$((i + 1)).html\">$i</a>" >"$dir/web/p$i.html"
	echo "<a href=\"$url/p$i.html\">$i</a>" >>"$dir/web/index.html"
done
echo last >"$dir/web/p9.html"
web_conf "$dir" <<NG
  client_max_body_size 0;
  server {
    listen 127.0.0.1:$web; listen 127.0.0.2:$web; listen 127.0.0.3:$web;
    listen [::1]:$web;
    root $dir/web;
    location = /echo { return 200 "\$request_method \$request_uri \$http_x\n"; }
  }
  server {
    listen 127.0.0.1:$back;
    location /drop { return 302 http://loop.test/drop; }
    location / { return 301 http://loop.test\$request_uri; }
  }
NG
start nginx nginx -e stderr -c "$dir/nginx.conf"

start_front()
{
	start front "$bin/hopfrontd" -f "$1" --id f1 --no-snmp
	lab_wait 5 curl -s -o /dev/null "$url/" ||
	    { cat "$dir/front.log"; return 1; }
}

stop_front()
{
	stop front
	return "$status"
}

# Raw bytes (printf format) to the front end; prints all that comes back until
# it closes, or two seconds.
raw()
{
	local line

	exec 3<>"/dev/tcp/127.0.0.1/$front" || return
	# shellcheck disable=SC2059 # the format is the point
	printf "$1" >&3
	while IFS= read -r -t 2 line <&3; do
		printf '%s\n' "${line%$'\r'}"
	done
	exec 3>&-
}

# raw_status STATUS FORMAT: the first status line of the answer.
raw_status()
{
	local got

	got=$(raw "$2" | head -1)
	echo "$got"
	[[ $got == "HTTP/1.1 $1 "* ]]
}

# location WANT CURL-ARGUMENT...: Location of the answer matches the pattern.
location()
{
	local want=$1 got

	shift
	got=$(curl -s -o /dev/null -w '%{http_code} %header{location}' "$@" 2>&1)
	[ -n "${got#* }" ] ||
	    got=$(curl -s -o /dev/null -D - "$@" | tr -d '\r' | awk '
		/^HTTP/ { s = $2 } tolower($1) == "location:" { print s, $2 }')
	echo "$got"
	# shellcheck disable=SC2053 # a pattern
	[[ $got == $want ]]
}

field()
{
	local want=$1

	shift
	curl -s -o /dev/null -D - "$@" | tr -d '\r' | tee /dev/stderr |
	    grep -qixE -- "$want"
}

content()
{
	local want=$1

	shift
	"$@" 2>&1 | tee /dev/stderr | grep -qF -- "$want"
}

no_content()
{
	! content "$@"
}

log_line()
{
	lab_wait 2 grep -qE -- "$1" "$dir/access.log"
}

check "it starts without a director" start_front "$dir/alone.xml"
check "it says that nobody can be asked" grep -q 'no <director>' "$dir/front.log"

# Real clients.
check "curl comes to the content" \
    content 'GET /echo?a=%2e%2e//b;c' curl -sL "$url/echo?a=%2e%2e//b;c"
check "curl's POST keeps method and content (307)" \
    content 'POST /echo' curl -sL -d content "$url/echo"
check "curl's big POST too (Expect: 100-continue)" content 'POST /echo' \
    curl -sL -H 'Expect: 100-continue' --data-binary "@$bin/hopfrontd" "$url/echo"
check "curl's chunked POST too" content 'POST /echo' \
    curl -sL -H 'Transfer-Encoding: chunked' -d content "$url/echo"
check "curl's HEAD has no body" content 'Location: http://127.0.0.' \
    curl -sI "$url/x"
check "curl reuses its connection" content 'Re-using existing connection' \
    curl -sv -o /dev/null -o /dev/null "$url/1" "$url/2"
check "curl with HTTP/1.0 is served" location "302 http://127.0.0.*:$web/x" \
    --http1.0 "$url/x"
check "curl through a proxy's request form" location "302 http://127.0.0.*:$web/x?y" \
    -x "http://127.0.0.1:$front" "http://web.test/x?y"
check "curl asking for HTTP/2 stays with 1.1" \
    location "302 http://127.0.0.*:$web/x" --http2 "$url/x"
check "wget comes to the content" content 'last' wget -qO- "$url/p9.html"
check "lftp comes to the content" \
    content 'last' lftp -c "set net:max-retries 1; cat $url/p9.html"
get_all()
{
	mkdir -p "$dir/got"
	wget -r -l 3 -H -nv -e robots=off -P "$dir/got" "$url/index.html"
	[ "$(find "$dir/got" -name 'p[1-9].html' | grep -c .)" -ge 9 ]
}
check "wget -r over pages that link to the front end" get_all
many()
{
	local i

	for i in {1..40}; do
		curl -s -o /dev/null -w '%{http_code}\n' "$url/same" &
	done | sort | uniq -c | tee /dev/stderr | grep -qx ' *40 302'
}
check "forty clients of one address want one page at once" many
same()
{
	local i args=()

	for i in {1..60}; do
		args+=(-o /dev/null "$url/again")
	done
	curl -s -w '%{http_code}\n' "${args[@]}" | sort | uniq -c |
	    tee /dev/stderr | grep -qx ' *60 302'
}
check "one client wants one page sixty times" same

# Names.
check "Host decides, with port, dot and capitals" \
    location '301 http://la1-la.test/x' -H 'Host: NAMED.Test.:8080' "$url/x"
check "an unknown host is not redirected" raw_status 421 \
    'GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n'
check "HTTP/1.0 without Host gets the default" raw_status 302 \
    'GET / HTTP/1.0\r\n\r\n'
check "an absolute target beats Host" content 'Location: http://la1-la.test/y' \
    raw 'GET http://named.test/y HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n'
check "IPv6 clients get the IPv6 alias" \
    location "302 http://\[::1\]:$web/x" -6 "$url/x"
check "and come to the content" content 'GET /echo' curl -6 -sL "$url/echo"
check "no server of the client's family: 503" \
    field 'HTTP/1.1 503 Service Unavailable' -6 -H 'Host: four.test' "$url/"
check "with Retry-After" field 'Retry-After: 7' -6 -H 'Host: four.test' "$url/"
check "or the fallback's site, path and query kept" \
    location '302 http://backup.test/a?b' -6 -H 'Host: sorry.test' "$url/a?b"
check "the decision is in Server-Timing" \
    field 'Server-Timing: hop;desc="la1 via la, static"' -6 "$url/"
check "no cache keeps it" field 'Cache-Control: no-store' "$url/"

# Bytes by hand.
three()
{
	raw 'GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' |
	    tee /dev/stderr | sed -n 's/^Location:.*\///p' | tr -d '\n' | grep -qx 123
}
check "pipelined requests are answered in order" three
bad()
{
	check "$2: $1" raw_status "$1" "$3"
}
H='Host: localhost\r\n'
bad 400 "no Host in HTTP/1.1" 'GET / HTTP/1.1\r\n\r\n'
bad 400 "two Hosts" "GET / HTTP/1.1\r\n${H}${H}\r\n"
bad 400 "a bad Host" 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n'
bad 400 "a folded field" "GET / HTTP/1.1\r\n${H}X: a\r\n b\r\n\r\n"
bad 400 "a space before the colon" "GET / HTTP/1.1\r\n${H}X : a\r\n\r\n"
bad 400 "a bare CR in a field" "GET / HTTP/1.1\r\n${H}X: a\rb\r\n\r\n"
bad 400 "a control character in the target" "GET /a\001b HTTP/1.1\r\n${H}\r\n"
bad 400 "a CR in the target" "GET /a\rLocation:x HTTP/1.1\r\n${H}\r\n"
bad 400 "a space in the target" "GET /a b HTTP/1.1\r\n${H}\r\n"
bad 400 "a fragment in the target" "GET /a#b HTTP/1.1\r\n${H}\r\n"
bad 400 "no target" "GET\r\n${H}\r\n"
bad 400 "HTTP/0.9" 'GET /\r\n'
bad 400 "no HTTP at all" 'hello\r\n\r\n'
bad 400 "a TLS client" '\026\003\001\002\000\001'
bad 400 "both lengths of content" \
    "POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
bad 400 "two lengths of content" \
    "POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nContent-Length: 6\r\n\r\n"
bad 400 "a negative length" "POST / HTTP/1.1\r\n${H}Content-Length: -5\r\n\r\n"
bad 405 "TRACE" "TRACE / HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
bad 405 "CONNECT" "CONNECT localhost:80 HTTP/1.1\r\n${H}\r\n"
bad 421 "a URL of https" \
    "GET https://localhost/ HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
bad 417 "another expectation" "GET / HTTP/1.1\r\n${H}Expect: wonder\r\n\r\n"
bad 501 "another coding" \
    "POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\n\r\n"
bad 505 "HTTP/2 without asking" 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
bad 414 "a target of 9000 bytes" \
    "GET /$(printf '%9000s' '' | tr ' ' a) HTTP/1.1\r\n${H}\r\n"
bad 431 "a field of 20000 bytes" \
    "GET / HTTP/1.1\r\n${H}X: $(printf '%20000s' '' | tr ' ' a)\r\n\r\n"
bad 200 "OPTIONS for the front end itself" \
    "OPTIONS * HTTP/1.1\r\n${H}Connection: close\r\n\r\n"
smuggled()
{
	raw "POST / HTTP/1.1\r\n${H}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n${H}\r\n"
}
check "what follows garbage is not served" no_content smuggled smuggled
check "it goes on after all that" location "302 *" "$url/"

# Loops.
check "curl in a loop is stopped" content '508' \
    curl -sL -o /dev/null -w '%{http_code}' "${loop_to[@]}" http://loop.test/x
check "and a client with cookies whose server drops the query" content '508' \
    curl -sL -b '' -o /dev/null -w '%{http_code}' "${loop_to[@]}" http://loop.test/drop
check "it is logged" grep -q 'loop: client 127.0.0.1 came back .* 508' \
    "$dir/front.log"
check "the access log has it" log_line 'service=loop status=508 .* reason=loop'

# Operation.
check "the access log has decisions" \
    log_line 'client=127.0.0.1 service=www status=302 server=(la1|sj1) border=la source=static reason=- us=[0-9]+ host=.* method=GET target=/again'
mv "$dir/access.log" "$dir/access.log.1"
signal front USR1
check "SIGUSR1 opens the access log anew" lab_wait 2 [ -f "$dir/access.log" ]
curl -s -o /dev/null "$url/after"
check "and new lines go there" log_line 'target=/after$'
check "status tells of the listeners" \
    shows f1 "listener http:127.0.0.1:$front .* requests=[1-9]"
check "and of the services" shows f1 'service www .* static=[1-9][0-9]* fallback=0$'
in_use()
{
	"$bin/hopfrontd" -f "$dir/alone.xml" --id f1 --no-snmp
	[ $? = 1 ]
}
check "a second one does not start" in_use
check "and names the port in use" content "port is in use" in_use
graceful()
{
	local line

	exec 4<>"/dev/tcp/127.0.0.1/$front" || return
	printf 'GET /last HTTP/1.1\r\n' >&4
	sleep 0.2
	signal front TERM
	sleep 0.2
	printf 'Host: localhost\r\n\r\n' >&4
	IFS= read -r -t 2 line <&4
	echo "$line"
	cat <&4
	exec 4>&-
	[[ $line == "HTTP/1.1 302 "* ]]
}
check "a request that has begun is answered after SIGTERM" graceful
stop front
check "it ends with status 0" [ "$status" = 0 ]

start_director()
{
	start director "$bin/hopdirectord" -f "$dir/with.xml" --id d1 --no-snmp
	lab_wait 5 [ -S "$dir/d.sock" ]
}
check "a director starts" start_director
feed shell "$dir/d.sock" collector shell load
to shell 'load la1 100 sj1 9000' synced
check "and a front end that asks it" start_front "$dir/with.xml"
check "the two find each other" \
    lab_wait 3 shows f1 'director d1 state=up reason=connected'
by_load()
{
	location "302 http://127.0.0.3:$web/*" "$url/"
}
check "the director's answer decides" lab_wait 5 by_load
check "through the exit of the contact" \
    field 'Server-Timing: hop;desc="sj1 via la"' "$url/"
check "answers are kept" log_line ' server=sj1 border=la source=cached '
check "and told in the log when new" \
    log_line ' server=sj1 border=la source=director .* rtt=[0-9]+'

to shell 'state sj1 down by-test'
to_la1()
{
	location "302 http://127.0.0.1:$web/*" "$url/"
}
check "a server that is gone gets nobody" lab_wait 2 to_la1
to shell 'state sj1 up -'
check "until it is back" lab_wait 4 by_load

# The director hangs: 50 ms, then what is known.
signal director STOP
sleep 2.2 # the kept answer's time is over
took()
{
	local t

	t=$(curl -s -o /dev/null -w '%{time_total}' "$@" "$url/")
	echo "$t"
	awk -v t="$t" 'BEGIN { exit !(t < 0.150) }'
}
check "a hanging director costs no more than its 50 ms" took
check "the last answer is used" field \
    'Server-Timing: hop;desc="sj1 via la, last"' "$url/"
check "without one the static list" took -6
check "which is said" field 'Server-Timing: hop;desc="la1 via la, static"' -6 "$url/"
check "and logged" log_line ' source=static '
check "the front end takes it as down" \
    lab_wait 5 shows f1 'director d1 state=down'
answers_fast()
{
	local t

	t=$(curl -s -o /dev/null -w '%{time_total}' "$url/")
	echo "$t"
	awk -v t="$t" 'BEGIN { exit !(t < 0.040) }'
}
check "then nobody waits for it" lab_wait 2 answers_fast
signal director CONT
check "and as up when it goes on" \
    lab_wait 6 shows f1 'director d1 state=up'

# It dies and comes back under load: no request fails.
load()
{
	local i

	for i in {1..300}; do
		curl -s -o /dev/null -w '%{http_code}\n' "$url/$i" ||
		    echo failed
	done >"$dir/load"
}
load &
load_pid=$!
sleep 0.5
{ stop director KILL; } 2>/dev/null
sleep 0.5
check "another director starts" start_director
wait "$load_pid"
all_redirected()
{
	sort "$dir/load" | uniq -c | tee /dev/stderr | grep -qx ' *300 302'
}
check "no request failed while the director was away" all_redirected
check "it is asked again" lab_wait 5 shows f1 'director d1 state=up'
check "the end is clean" stop_front
check "no sanitizer complained" no_complaint
exit $failed

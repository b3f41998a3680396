#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# hoppingd under a real snmpd, in a network namespace where a liar answers the
# pings: asked by SNMP, read by snmpbulkwalk; what it refuses, what replies do
# it no harm, how much it sends whatever is asked, and what it says when it or
# snmpd stood still.
# lab: seconds=45 slots=2

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
own_network
snmp_begin snmpset snmpbulkwalk snmpbulkget ip setpriv
built hoppingd tests/lab/{liar,lines}

# All addresses of these networks are here, and only the liar answers.
ip addr add 192.0.2.1/32 dev lo
ip route add local 198.51.100.0/24 dev lo
ip route add local 203.0.113.0/24 dev lo
ip route add local 198.18.0.0/15 dev lo
sysctl -qw net.ipv4.icmp_echo_ignore_all=1 net.ipv4.ping_group_range="1 0" \
    net.ipv4.icmp_ratelimit=0

T=$P.1.2.5.1 # hopProbeTargetEntry
J=$P.1.2.6.5.1
declare -A counter=([sent]=3 [replies]=4 [late]=5 [unmatched]=6 [timeouts]=7
    [errors]=8 [own]=9 [unjudged]=10 [duplicate]=11 [unstamped]=12 [stalls]=13)

value()
{
	as hopnms snmpget -OvqU "$1" | tr -d '"'
}

count()
{
	value $P.1.2.4."${counter[$1]}".0
}

hoppingd_start()
{
	start hoppingd "$bin/hoppingd" --border ny --source 192.0.2.1 \
	    --source ::1 --allow 198.51.100.0/24,203.0.113.0/24,198.18.0.0/15 \
	    --allow ::1/128 --deny 198.51.100.66 --agentx "$dir/agentx/master" \
	    "$@"
}

hex()
{
	local a b c d

	IFS=. read -r a b c d <<<"$1"
	printf '%02x%02x%02x%02x' "$a" "$b" "$c" "$d"
}

# ask NUMBER ADDRESS [COLUMN TYPE VALUE ...]: varbinds of a row, into $row.
ask()
{
	local n=$1

	row+=("$T.5.$n" x "$(hex "$2")" "$T.10.$n" i 4)
	shift 2
	while [ $# -gt 0 ]; do
		row+=("$T.$1.$n" "$2" "$3")
		shift 3
	done
}

set_row()
{
	as hopmgr snmpset "${row[@]}"
}

# sets TEXT [refused]: SET $row, which is empty afterwards.
sets()
{
	check "$1" "${2:-set_row}"
	row=()
}
row=()

# All of the journal as lines "index address target status reason sent min
# median spread loss".
journal()
{
	as hopnms snmpbulkwalk -OnqU -Cr25 $J | awk -v j="$J" '
	index($1, j ".") == 1 {
		n = split(substr($1, length(j) + 2), k, ".")
		if (n != 3) next
		gsub(/"/, "", $2)
		v[k[1], k[3]] = $2
		if (k[3] > last) last = k[3]
		if (first == 0 || k[3] < first) first = k[3]
	}
	END {
		for (i = first; i <= last; i++)
			print i, v[3, i], v[6, i], v[7, i], v[8, i], v[9, i],
			    v[10, i], v[11, i], v[12, i], v[13, i]
	}' >"$dir/journal"
	cat "$dir/journal"
}

# found REGEX: a row of the journal.
found()
{
	journal | grep -E "$1"
}

uplink()
{
	[ "$(value $P.1.2.2.1.0)" = "$1" ]
}

snmp_conf border
snmpd_start
start liar "$bin/tests/lab/liar"

# Rights.

range="net.ipv4.ping_group_range"
unable()
{
	! setpriv --reuid 65534 --regid 65534 --clear-groups \
	    "$bin/hoppingd" --border ny >"$dir/unable" 2>&1 &&
	    grep -q $range "$dir/unable" && grep -q CAP_NET_RAW "$dir/unable"
}
check "without a right to ping it says which sysctl or capability" unable
sysctl -qw $range="0 2147483647"
unprivileged()
{
	timeout 1 setpriv --reuid 65534 --regid 65534 --clear-groups \
	    "$bin/hoppingd" --border ny >"$dir/ping.log" 2>&1
	grep -q "IPv4 by a ping socket, IPv6 by a ping socket" "$dir/ping.log"
}
check "in the sysctl's range it pings without any right" unprivileged
not_ours()
{
	! "$bin/hoppingd" --border ny --source 192.0.2.77 >"$dir/source" 2>&1 &&
	    grep -q "no address of this host" "$dir/source"
}
check "a source that is not ours is told at once" not_ours

# Both kinds of sockets do all that follows.
scenario()
{
	local kind=$1 epoch last begin

	hoppingd_start --canary 203.0.113.1
	check "$kind: its objects are there" back 3 $P.1.2.1.2.0
	check "$kind: it pings by such sockets" \
	    grep -q "IPv4 by a $kind socket, IPv6 by a $kind" "$dir/hoppingd.log"
	check "$kind: a canary that replies: the uplink is up" \
	    lab_wait 3 uplink 2

	# One SET, good and bad together.
	ask 1 198.51.100.1
	ask 2 198.51.100.66
	ask 3 10.0.0.1
	ask 4 224.0.0.1
	row+=("$T.4.5" i 2 "$T.5.5" x 00000000000000000000000000000001
	    "$T.10.5" i 4)
	begin=${EPOCHREALTIME/./}
	sets "$kind: one SET asks for five addresses"
	check "$kind: a first value is there at once" \
	    lab_wait 1 found " 198.51.100.1 1 7 first-reply 1 "
	echo "  first value read after" \
	    "$(((${EPOCHREALTIME/./} - begin) / 1000)) ms"
	check "$kind: of IPv6 too" lab_wait 1 found " ::1 5 7 first-reply 1 "
	check "$kind: a denied one is refused" found " 198.51.100.66 2 4 denied 0 "
	check "$kind: a private one" found " 10.0.0.1 3 4 special-address 0 "
	check "$kind: a group of hosts" found " 224.0.0.1 4 4 special-address 0 "
	check "$kind: the others have their result, the first left out" \
	    lab_wait 5 found \
	    " 198.51.100.1 1 1 reply 3 [0-9]+ [0-9]+ [0-9]+ 0$"
	check "$kind: and IPv6" found " ::1 5 1 reply 3 [0-9]+ [0-9]+ [0-9]+ 0$"
	check "$kind: refusals are counted by reason" \
	    test "$(value $P.1.2.7.1.3.1) $(value $P.1.2.7.1.3.2)" = "1 2"
	check "$kind: rows with one round are gone" \
	    test "$(value $P.1.2.4.1.0)" = 0

	# Replies that lie.
	epoch=$(value $P.1.2.6.1.0) last=$(value $P.1.2.6.2.0)
	ask 12 198.51.100.2
	ask 13 198.18.5.3 8 u 1000
	ask 14 198.18.4.4 8 u 1000
	ask 15 203.0.113.5 8 u 1000 7 u 2
	ask 16 203.0.113.6 8 u 500
	ask 17 203.0.113.7
	ask 18 198.18.0.8 8 u 500 7 u 2
	ask 19 198.18.1.9 8 u 500
	ask 20 198.18.2.10 8 u 500 7 u 2
	ask 21 198.18.3.11 8 u 500
	sets "$kind: rows with times and numbers of their own"
	check "$kind: prohibited by its network: no more" lab_wait 2 found \
	    " 203.0.113.7 17 3 administratively-prohibited 1 0 0 0 10000"
	check "$kind: a silent one is silent" lab_wait 6 found \
	    " 203.0.113.6 16 2 no-reply 4 0 0 0 10000"
	check "$kind: late ones count as silence" found \
	    " 203.0.113.5 15 2 no-reply 2 0 0 0 10000"
	check "$kind: a duplicate does no harm" lab_wait 2 found \
	    " 198.51.100.2 12 1 reply 3 .* 0$"
	check "$kind: a forged cookie is no reply" lab_wait 2 found \
	    " 198.18.5.3 13 2 no-reply 4 "
	check "$kind: nor is one of another host" found \
	    " 198.18.4.4 14 2 no-reply 4 "
	check "$kind: nor one to another program" found \
	    " 198.18.0.8 18 2 no-reply 2 "
	check "$kind: nor with another number" found \
	    " 198.18.2.10 20 2 no-reply 2 "
	check "$kind: unreachable is told from silent" found \
	    " 198.18.1.9 19 3 host-unreachable 4 0 0 0 10000"
	check "$kind: a lost first probe is not counted" found \
	    " 198.18.3.11 21 1 reply 3 .* 0$"
	check "$kind: duplicates, late and foreign ones are counted" \
	    test "$(count duplicate)" -ge 4 -a "$(count late)" -ge 2 -a \
	    "$(count unmatched)" -ge 10
	check "$kind: all times are by the kernel's stamps" \
	    test "$(count unstamped) $(count own)" = "0 0"
	# From where one stopped, four columns at once.
	tail_of()
	{
		as hopnms snmpbulkget -Cr11 "$J.6.$epoch.$last" \
		    "$J.7.$epoch.$last" "$J.11.$epoch.$last" \
		    "$J.12.$epoch.$last" >"$dir/tail"
		[ "$(grep -c "^$J\.[0-9]*\.$epoch\.$((last + 1)) = " \
		    "$dir/tail")" = 4 ] && ! grep -q "\.$epoch\.$last = " \
		    "$dir/tail"
	}
	check "$kind: the journal is read on from where one stopped" tail_of

	# Once is enough.
	ask 31 203.0.113.7
	ask 32 203.0.113.6
	sets "$kind: two of them are asked for again"
	check "$kind: who opted out is not asked again" \
	    lab_wait 1 found " 203.0.113.7 31 4 opted-out 0 "
	check "$kind: who was silent not so soon" \
	    found " 203.0.113.6 32 4 backing-off 0 "
}

sysctl -qw $range="1 0"
scenario raw
first=$(value $P.1.2.6.1.0)
stop hoppingd
check "SIGTERM ends it well" test "$status" = 0
sysctl -qw $range="0 2147483647"
rm -f "$dir/hoppingd.log"
stop liar
start liar "$bin/tests/lab/liar"
scenario ping
check "after a restart the epoch is a greater one" \
    test "$(value $P.1.2.6.1.0)" -gt "$first"
check "and the journal begins anew" found "^1 "

# SETs that are wrong change nothing.

refused()
{
	! set_row
}
ask 41 198.51.100.1
row+=("$T.10.42" i 4)
sets "a row without address: the SET fails" refused
ask 43 198.51.100.1
row+=("$T.10.44" i 5)
sets "createAndWait: the SET fails" refused
row+=("$T.4.45" i 2 "$T.5.45" x c6336401 "$T.10.45" i 4)
sets "an address that is not of its type: the SET fails" refused
ask 46 198.51.100.1 6 u 500
sets "an interval that is too short: the SET fails" refused
row+=("$T.5.47" x c6336401)
sets "a row that is neither there nor made: the SET fails" refused
check "none of them made a row" test "$(value $P.1.2.4.1.0)" = 0
ask 48 198.51.100.1 6 u 10000 3 s "m1"
sets "a row that stays"
ask 48 198.51.100.1
sets "the same again: the SET fails" refused
row=("$T.6.48" u 20000)
sets "its interval cannot be changed" refused
row=("$T.9.48" u 1000)
sets "its lifetime can"
check "and is seen" test "$(value $T.9.48)" -gt 990
check "so is who asked" test "$(value $T.3.48)" = m1
row=("$T.10.48" i 6)
sets "it is destroyed"
check "and gone" test "$(value $P.1.2.4.1.0)" = 0

# The uplink.

signal liar STOP
begin=${EPOCHREALTIME/./}
check "canaries that fall silent: the uplink is down" lab_wait 5 uplink 5
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
check "within 3 s" test $took -le 3300
echo "  after $took ms"
ask 51 198.18.20.1 7 u 1 8 u 500
sets "a client is asked for behind a dead uplink"
check "its silence is not told as its own" \
    lab_wait 2 found " 198.18.20.1 51 6 uplink-down 0 "
signal liar CONT
check "and up again" lab_wait 4 uplink 2
ask 52 198.18.20.1 7 u 1
sets "it is asked for again"
check "and need not rest for it" \
    lab_wait 2 found " 198.18.20.1 52 1 reply 1 "

# Limits hold whatever is asked.

stop hoppingd
hoppingd_start --rate 50 --targets 200
back 3 $P.1.2.1.2.0 >/dev/null
more=0
storm()
{
	local end=$((SECONDS + $1)) n=$more

	while [ $SECONDS -lt $end ]; do
		for _ in {1..20}; do
			n=$((n + 1))
			ask $n 198.18.$((n % 250)).$((1 + n / 250 * 20)) 7 u 20
		done
		as hopmgr snmpset "${row[@]}" >/dev/null 2>&1
		row=()
	done
	more=$n
}
before=$(count sent)
begin=${EPOCHREALTIME/./}
storm 4
after=$(count sent)
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
check "a storm of SETs ($more rows) makes it send no more than it may" \
    test $((after - before)) -le $((took * 50 / 1000 + 5))
check "but that" test $((after - before)) -ge $((took * 35 / 1000))
echo "  sent $((after - before)) in $took ms, at most 50 a second"
check "the table has its bound" test "$(value $P.1.2.4.1.0)" -le 200
check "what was too much is counted" test "$(value $P.1.2.7.1.3.8)" -ge 1
check "and it did not stall" test "$(count stalls)" -le 2

before=$(count sent)
signal hoppingd STOP
sleep 2
signal hoppingd CONT
begin=${EPOCHREALTIME/./}
sleep 0.5
after=$(count sent)
took=$(((${EPOCHREALTIME/./} - begin) / 1000))
check "no burst catches up with a pause of 2 s" \
    test $((after - before)) -le $((took * 50 / 1000 + 15))
echo "  sent $((after - before)) in $took ms after it"
check "the pause is counted" test "$(count stalls)" -ge 1

# A hung snmpd, and what was on its way meanwhile.

stop hoppingd
hoppingd_start
back 3 $P.1.2.1.2.0 >/dev/null
ask 1 198.18.9.6 8 u 1500 7 u 1
sets "a silent one is asked for"
sleep 0.2
signal hoppingd STOP
sleep 2
signal hoppingd CONT
check "silence while it stood still is unknown" lab_wait 2 found \
    " 198.18.9.6 1 6 lost-by-this-host 0 "
check "and counted" test "$(count unjudged)" -ge 1
ask 2 198.18.9.1 7 u 10
sets "and a long round"
signal snmpd STOP
sleep 5
signal snmpd CONT
check "snmpd hangs for 5 s: the objects are back within 2 s" \
    back 2 $P.1.2.1.2.0
check "the round went on" lab_wait 8 found " 198.18.9.1 2 1 reply 9 .* 0$"

# Other options while it runs: what managers asked for goes on.

# newer REGEX: a row of the journal that was not there at the last mark.
mark()
{
	seen=$(value $P.1.2.6.2.0)
}
newer()
{
	journal | awk -v n="$seen" '$1 > n' | grep -E "$1"
}

stop hoppingd
echo 'rate 500' >"$dir/options"
hoppingd_start --options "$dir/options"
back 3 $P.1.2.1.2.0 >/dev/null
ask 1 198.18.9.1 6 u 1000 7 u 1 9 u 600
ask 2 198.51.100.1 6 u 1000 7 u 1 9 u 600
sets "two are asked for again and again"
check "both reply" lab_wait 3 found " 198.51.100.1 2 1 reply 1 "
epoch=$(value $P.1.2.6.1.0)
printf '%s\n' 'rate 900' 'deny 198.18.9.0/24 # complained' \
    'canary 203.0.113.1' >"$dir/options"
mark
check "a reload takes other options" tell hoppingd-ny reload
check "what is denied now is refused at once" \
    lab_wait 3 newer " 198.18.9.1 1 [0-9]* denied "
check "what is not goes on" lab_wait 3 newer " 198.51.100.1 2 1 reply 1 "
check "a new canary tells of the uplink" lab_wait 3 uplink 2
check "the new rate is shown" test "$(value $P.1.2.3.2.0)" = 900
check "the journal goes on" test "$(value $P.1.2.6.1.0)" = "$epoch"
check "and the requests are there" test "$(value $P.1.2.4.1.0)" = 2
check "status has requests, refusals, canaries and rate" eval '
	rows hoppingd-ny >"$dir/status"
	grep -q "^row requests .* targets=2 " "$dir/status" &&
	    grep -q "^row refused denied count=" "$dir/status" &&
	    grep -q "^row canary 203.0.113.1 state=up " "$dir/status" &&
	    grep -q "^row uplink ny state=up " "$dir/status" &&
	    grep -q "^row daemon ny .* rate=900 " "$dir/status"'
printf '%s\n' 'rate 0' 'targets 5' 'deny 1.2.3' >"$dir/options"
check "a wrong file is refused, with all that is wrong" eval '
	until=error tell hoppingd-ny reload >"$dir/refused"
	[ "$(grep -c "^fault .*options:[123]:" "$dir/refused")" = 3 ]'
check "and changes nothing" test "$(value $P.1.2.3.2.0)" = 900
echo 'rate 500' >"$dir/options"
mark
signal hoppingd HUP
check "SIGHUP does the same: who was denied is asked again" \
    lab_wait 3 newer " 198.18.9.1 1 1 reply 1 "
check "without canaries nothing is known of the uplink" uplink 1

check "a walk of all is the set of its GETs" eval '
	as hopnms snmpbulkwalk $P.1.2 | grep -v "No more" >"$dir/walk"
	sed -n "s/^\(\.[0-9.]*\) = .*/\1/p" "$dir/walk" >"$dir/names"
	xargs -n 20 <"$dir/names" | while read -r names; do
		as hopnms snmpget $names
	done >"$dir/get"
	! grep "No Such" "$dir/get" &&
	    diff "$dir/names" <(sed -n "s/^\(\.[0-9.]*\) = .*/\1/p" "$dir/get")'
check "in the order of their numbers" diff "$dir/names" \
    <(sort -V "$dir/names")

exit $failed

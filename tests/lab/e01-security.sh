#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Who may do what: users of SNMP, roles of the lines, certificates, sockets,
# secrets, and what rights the running daemons have left. doc/security.md says
# what each of this stands for.

set -u
# shellcheck source=tests/lab/snmp.sh
. "$(dirname "${BASH_SOURCE[0]}")/snmp.sh"
. "$LAB_TOP/tests/lab/tls.sh"
own_network # the usual ports, and an address that is not loopback
snmp_begin snmpset snmpbulkget openssl setpriv ip
built hoppingd hopmanagerd hopdirectord hopfrontd hopctl \
    tests/lab/{peek,lines}
ip address add 192.0.2.1/32 dev lo
sysctl -qw net.ipv4.ping_group_range="1 0"

user=nobody group=nogroup stranger=64999
secret=passphrase-of-the-lab-e01
chmod 755 "$dir"
mkdir "$dir/run" "$dir/state" "$dir/tls"
chmod 750 "$dir/run" "$dir/state"

# says SOCKET [COMMAND...]: what status answers there, to this command's user.
says()
{
	local socket=$1

	shift
	"$@" "$bin/tests/lab/lines" -w 'done' "$socket" control e01 <<<status
}

# Certificates: one of each role, one of all, some that are no good.

tls=$dir/tls
roles=$(sed -n 's/.*{ROLE_[A-Z]*, "\([a-z]*\)"},.*/\1/p' "$top/lib/role.c" |
    tr '\n' ' ')
tls_authority ca
tls_authority stranger-ca
# shellcheck disable=SC2086
tls_certificate host ca 2 $roles
for r in $roles; do
	tls_certificate "$r" ca 2 "$r"
done
# shellcheck disable=SC2086
tls_certificate late ca -1 $roles
# shellcheck disable=SC2086
tls_certificate foreign stranger-ca 2 $roles
tls_certificate roleless ca 2 king

# The farm: one daemon of each kind on this host, all as a plain user.

conf()
{
	cat <<END
<hopscotch xmlns="urn:hopscotch:config:1" domain="test.com">
  <network><site id="la"/>
    <prober border="la" address="127.0.0.1" port="$port"/></network>
  <policy id="even"/>
  <snmp-user id="hopmgr" secret="hopmgr.secret"/>
  <tls cert="tls/host.crt" key="tls/host.key" ca="tls/ca.crt"/>
  <server id="www.la1" site="la">
    <alias border="la" name="www.la1.test.com" address="127.0.0.1"/>
    <agent address="127.0.0.1" port="$port"/>
  </server>
  <service id="www" host="www.test.com" policy="even" port="8080">
    <use server="www.la1"/>
  </service>
  <manager id="m">
    <listen socket="$dir/run/m.sock"/>
    <listen address="127.0.0.1" port="26001" tls="yes"/>
  </manager>
  <director id="d">
    <listen address="192.0.2.1" port="26002" tls="yes"/>
    <listen socket="$dir/run/d.sock"/>
  </director>
  <frontend id="f" site="la">
    <listen address="127.0.0.1" port="80" default="www"/>
    <control socket="$dir/run/f.sock"/>
    <control address="127.0.0.1" port="26003" tls="yes"/>
  </frontend>
</hopscotch>
END
}
declare -A port_of=([hopmanagerd]=127.0.0.1:26001
    [hopdirectord]=192.0.2.1:26002 [hopfrontd]=127.0.0.1:26003)

conf >"$dir/hop.xml"
snmp_conf border content-server manager
sed -i "s/^agentXPerms.*/agentXPerms 0660 0755 root $group/" \
    "$dir/etc/snmpd.conf"
sed -i "/createUser hopmgr/s/ $pass / $secret /g" "$dir/persist/snmpd.conf"
sed -i "/createUser hopmgr/s/$pass\$/$secret/" "$dir/persist/snmpd.conf"
(umask 077; printf 'auth %s\npriv %s\n' $secret $secret >"$dir/hopmgr.secret")
chown $user:$group "$dir/run" "$dir/state" "$dir/hopmgr.secret" "$dir"/tls/*
export HOPSCOTCH_RUN=$dir/run HOPSCOTCH_STATE=$dir/state
ax=(--agentx "$dir/agentx/master")
plain=(setpriv --reuid "$user" --regid "$group" --clear-groups)

hopmgr()
{
	local tool=$1

	shift
	pass=$secret as hopmgr "$tool" "$@"
}

snmpd_start
chmod 755 "$dir/agentx"
# Each way to start: as root with --user, as the user, with a capability.
start hopmanagerd "$bin/hopmanagerd" -f "$dir/hop.xml" --id m --user $user \
    "${ax[@]}"
start hopdirectord "${plain[@]}" "$bin/hopdirectord" -f "$dir/hop.xml" --id d \
    "${ax[@]}"
start hopfrontd "${plain[@]}" --inh-caps +net_bind_service \
    --ambient-caps +net_bind_service "$bin/hopfrontd" -f "$dir/hop.xml" \
    --id f "${ax[@]}"
start hoppingd "${plain[@]}" --inh-caps +net_raw --ambient-caps +net_raw \
    "$bin/hoppingd" --border la --allow 127.0.0.0/8 --canary 127.0.0.1 \
    "${ax[@]}"
start hoploadd "$bin/hoploadd" --user $user --check www=tcp:127.0.0.1:80 \
    "${ax[@]}"
check "hoploadd serves its objects" back 5 $P.1.1.1.2.0
check "hoppingd" back 5 $P.1.2.1.2.0
check "hopmanagerd" back 5 $P.1.3.1.2.0
check "hopdirectord" back 5 $P.1.4.1.2.0
check "hopfrontd" back 5 $P.1.5.1.2.0

# What the running daemons may still do.

# Pids of a daemon and of all below it.
family()
{
	local p

	echo "$1"
	for p in $(pgrep -P "$1"); do
		family "$p"
	done
}

# rights PID [CAPABILITIES]: prints what is more than a plain user has. The
# capabilities, in hexadecimal, may be permitted and effective.
rights()
{
	awk -v uid="$(id -u $user)" -v gid="$(getent group $group | cut -d: -f3)" \
	    -v may="${2:-0}" '
	/^Cap(Prm|Eff):/ && $2 ~ "^0*" may "$" { next }
	/^Cap(Inh|Prm|Eff|Amb):/ && $2 !~ /^0+$/ { print }
	/^Uid:/ && ($2 != uid || $3 != uid || $4 != uid || $5 != uid) { print }
	/^Gid:/ && ($2 != gid || $3 != gid || $4 != gid || $5 != gid) { print }
	/^Groups:/ { for (i = 2; i <= NF; i++) if ($i != gid) print }
	/^NoNewPrivs:/ && $2 != 1 { print }
	' "/proc/$1/status"
}

no_rights()
{
	local p more

	for p in $(family "${pids[$1]}"); do
		if [ "$1 $p" = "hopfrontd ${pids[hopfrontd]}" ]; then
			# Ports below 1024 of a reload: it was given that.
			more=$(rights "$p" 400)
		else
			more=$(rights "$p")
		fi
		[ -z "$more" ] || { echo "$(cat /proc/$p/comm): $more"; return 1; }
	done
}

# Nobody of the same user sees its memory or environment, no core has it.
closed()
{
	local p

	for p in $(family "${pids[$1]}"); do
		! "${plain[@]}" head -c 1 "/proc/$p/mem" 2>&1 | grep -v denied &&
		    ! "${plain[@]}" cat "/proc/$p/environ" 2>/dev/null ||
		    { cat "/proc/$p/comm"; return 1; }
	done
}

processes()
{
	[ "$(family "${pids[$1]}" | wc -l)" -ge "$2" ]
}
check "the manager has its pollers and its SNMP process" \
    lab_wait 5 processes hopmanagerd 4
for d in hopmanagerd hopdirectord hopfrontd hoppingd hoploadd; do
	check "$d and all its processes: a plain user, no capability, no way to one" \
	    no_rights $d
	check "$d is closed to others of its user and to core files" closed $d
done
warns_of_root()
{
	mkdir "$dir/root"
	HOPSCOTCH_RUN=$dir/root HOPSCOTCH_STATE=$dir/root \
	    timeout 1 "$bin/hoppingd" --border la --agentx /nonexistent 2>&1 |
	    grep 'runs as root'
}
# As root with --user it keeps nothing: nobody chose the one.
no_low_ports()
{
	sed "s/f.sock/f2.sock/; s/26003/26013/; s/port=\"80\"/port=\"81\"/" \
	    "$dir/hop.xml" >"$dir/try.xml"
	start front2 "$bin/hopfrontd" -f "$dir/try.xml" --id f --user $user \
	    --no-snmp
	lab_wait 5 says "$dir/run/f2.sock" || return 1
	rights "${pids[front2]}" >"$dir/rights"
	stop front2
	cat "$dir/rights"
	[ ! -s "$dir/rights" ]
}
check "hopfrontd started as root keeps no capability at all" no_low_ports
check "whoever starts one as root without --user is told" warns_of_root

# Nothing of PATH, of the locale or of libnetsnmp's environment matters.
hostile()
{
	sed "s/d.sock/d2.sock/; s/26002/26012/" "$dir/hop.xml" >"$dir/try.xml"
	mkdir "$dir/evil"
	echo 'this is no configuration' >"$dir/evil/snmp.conf"
	cp "$dir/evil/snmp.conf" "$dir/evil/hopdirectord.conf"
	cp "$dir/evil/snmp.conf" "$dir/evil/agentx.conf"
	start director2 env -i PATH=/nonexistent LC_ALL=tr_TR.UTF-8 LANG=x \
	    MIBS=ALL MIBDIRS=/ SNMPCONFPATH="$dir/evil" TMPDIR=/nonexistent \
	    SNMP_PERSISTENT_DIR="$dir/evil" HOPSCOTCH_STATE="$dir/state" \
	    "${plain[@]/#setpriv/$(command -v setpriv)}" "$bin/hopdirectord" \
	    -f "$dir/try.xml" --id d "${ax[@]}"
	lab_wait 5 says "$dir/run/d2.sock" || return 1
	lab_wait 5 grep -q 'agentx/master: connected' "$dir/director2.log" ||
	    return 1
	stop director2
	cat "$dir/director2.log"
	[ "$status" = 0 ] && ! grep -i 'no configuration\|unknown token' \
	    "$dir/director2.log" && [ "$(ls "$dir/evil" | wc -l)" = 3 ]
}
check "a hostile environment changes nothing" hostile

# Secrets.

# holds DAEMON COMM ARG...: a process of this name has that in its memory.
holds()
{
	local p

	for p in $(family "${pids[$1]}"); do
		[ "$(cat "/proc/$p/comm")" != "$2" ] ||
		    ! "$bin/tests/lab/peek" "${@:3}" "$p" "$what" || return 0
	done
	return 1
}
what=$secret
check "the manager holds the passphrase" holds hopmanagerd hopmanagerd
for p in hop-snmp-nurse hop-snmp; do
	check "its process $p does not" eval "! holds hopmanagerd $p"
done
# The number that the key is, with which others of the same length agree only
# by a miracle.
what=$(openssl ec -in "$dir/tls/host.key" -text -noout 2>/dev/null | awk '
/^priv:/ { on = 1; next }
/^pub:/ { on = 0 }
on { gsub(/[ :]/, ""); printf "%s", $0 }')
for d in hopmanagerd hopdirectord hopfrontd; do
	check "$d holds the TLS key" holds $d $d -x
	for p in hop-snmp-nurse hop-snmp; do
		check "its process $p does not" eval "! holds $d $p -x"
	done
done
check "nor do pollers" eval "! holds hopmanagerd hopmanager-poll -x"
what=$(sed -n 2p "$dir/tls/host.key")
for d in hopmanagerd hopdirectord hopfrontd; do
	check "nobody kept a line of the file: $d" eval "
	    ! holds $d $d && ! holds $d hop-snmp && ! holds $d hop-snmp-nurse"
done

untold()
{
	local p

	for p in $(family "${pids[hopmanagerd]}"); do
		! grep -qa $secret "/proc/$p/cmdline" "/proc/$p/environ" ||
		    return 1
	done
	! grep -rl $secret "$dir"/*.log "$dir/state" || return 1
	says "$dir/run/m.sock" >"$dir/status" || return 1
	grep -q ^row "$dir/status" && ! grep $secret "$dir/status"
}
check "it is in no log, status, state file, command line or environment" untold

# complains PATTERN COMMAND...: does not start, and says so in time.
complains()
{
	local pattern=$1 status

	shift
	timeout -k 1 5 "$@" >"$dir/said" 2>&1 </dev/null
	status=$?
	cat "$dir/said"
	[ $status = 1 ] && grep -qE "$pattern" "$dir/said"
}

# A file that is no good in the place of the secret or the key.
try_secret()
{
	sed "s|hopmgr.secret|$1|" "$dir/hop.xml" >"$dir/try.xml"
	complains "try.xml:[0-9]+: .*$2" "${plain[@]}" "$bin/hopmanagerd" \
	    -f "$dir/try.xml" --id m --no-snmp
}
try_key()
{
	sed "s|tls/host.key|$1|" "$dir/hop.xml" >"$dir/try.xml"
	complains "$2" "${plain[@]}" "$bin/hopdirectord" -f "$dir/try.xml" \
	    --id d --no-snmp
}
spoil()
{
	cp -p "$1" "$dir/open"
	chmod 604 "$dir/open"
	cp -p "$1" "$dir/group"
	chmod 640 "$dir/group"
	ln -s open "$dir/link"
	mkfifo -m 600 "$dir/pipe"
	mkdir -m 700 "$dir/folder"
	cp "$1" "$dir/roots"
	chmod 600 "$dir/roots"
	chown $user "$dir/pipe" "$dir/folder"
}
unspoil()
{
	rm -rf "$dir"/{open,group,link,pipe,folder,roots}
}
spoil "$dir/hopmgr.secret"
check "a secret that all can read is refused" try_secret open 'mode 0604'
check "that a group can read" try_secret group 'mode 0640'
check "through a link too" try_secret link 'mode 0604'
check "a pipe, without waiting for it" try_secret pipe 'not a regular file'
check "a directory" try_secret folder 'not a regular file'
check "a file of another owner" try_secret roots 'Permission denied'
unspoil
spoil "$dir/tls/host.key"
check "a TLS key that all can read is refused" try_key open 'mode 0604'
check "that a group can read" try_key group 'mode 0640'
check "through a link too" try_key link 'mode 0604'
check "a pipe, without waiting for it" try_key pipe 'not a regular file'
check "a directory" try_key folder 'not a regular file'
check "a file of another owner" try_key roots 'Permission denied'
unspoil

# Sockets and files.

closed_to_strangers()
{
	local s

	for s in "$dir"/run/*.sock; do
		[ "$(stat -c '%a %U %G' "$s")" = "660 $user $group" ] ||
		    { stat -c '%n %a %U %G' "$s"; return 1; }
		! says "$s" setpriv --reuid $stranger --regid $stranger \
		    --clear-groups || return 1
	done
	# The sockets alone, were their directory open.
	chmod 755 "$dir/run"
	! says "$dir/run/m.sock" setpriv --reuid $stranger --regid $stranger \
	    --clear-groups
	set -- $?
	chmod 750 "$dir/run"
	return "$1"
}
check "unix sockets are the user's and the group's alone" closed_to_strangers
of_the_group()
{
	says "$dir/run/m.sock" setpriv --reuid $stranger --regid $group \
	    --clear-groups
}
check "who is in the group may" of_the_group
writes_nothing_open()
{
	local open

	open=$(find "$dir/state" "$dir/run" -type f -perm /027)
	[ -n "$(find "$dir/state" -type f)" ] && [ -z "$open" ] ||
	    { echo "$open"; ls -l "$dir/state"; return 1; }
}
check "state files are nobody else's" writes_nothing_open

# The lines: roles and verbs. The table of doc/security.md, and no other.

# tls CERTIFICATE WHERE [OPTION...]: standard input to there, prints answers.
tls()
{
	local name=$1 where=$2

	shift 2
	timeout 5 openssl s_client -quiet -connect "$where" \
	    -cert "$dir/tls/$name.crt" -key "$dir/tls/$name.key" \
	    -CAfile "$dir/tls/ca.crt" "$@" 2>"$dir/tls.err"
}
bye()
{
	printf 'bye\n%.0s' {1..101} # who says so much nonsense is hung up on
}

# The rows "daemon verb role..." of the table; "daemon-out" are verbs on
# connections that it makes.
table()
{
	awk -F'|' '/^\| `hop[a-z]+d`.*\| `[a-z]+`/ {
		sub(/, to its directors/, "-out")
		gsub(/[`,]/, "")
		n = split($3, verbs, " ")
		for (i = 1; i <= n; i++)
			print $2, verbs[i], $4
	}' "$top/doc/security.md" | tr -s ' '
}

# Verbs of the rooms' tables as "daemon verb".
verbs()
{
	local d files

	while read -r d files; do
		# shellcheck disable=SC2086
		(cd "$top" && cat $files) |
		    sed -nE 's/^[ \t]*\{"([a-z]+)", on_[a-z_]+, ROLE.*/\1/p' |
		    sed "s/^/$d /"
	done <<-END | sort -u
	hopmanagerd manager/control.c
	hopmanagerd-out manager/feed.c
	hopdirectord director/*.c
	hopfrontd frontend/frontstatus.c
	hopfrontd-out frontend/ask.c
	hoploadd agent/*.c
	END
}
all_written_down()
{
	local missing

	[ "$(verbs | wc -l)" -gt 15 ] || return 1
	missing=$(comm -23 <(verbs) <(table | awk '{ print $1, $2 }' | sort -u))
	echo "not in the table of doc/security.md: $missing"
	[ -z "$missing" ]
}
check "doc/security.md has every verb of every daemon" all_written_down

# verbs_of DAEMON ROLE: asks for each verb, tells those that are refused.
verbs_of()
{
	{
		echo "hello hop/1 $2 tester -"
		table | awk -v d="$1" '$1 == d { print $2 }'
		bye
	} | tls "$2" "${port_of[$1]}" | tee "$dir/answers" |
	    sed -n "s/^error \([a-z]*\) is not for the role $2\$/\1/p" | sort
}
matrix()
{
	local got want

	verbs_of "$1" "$2" >"$dir/refused"
	grep -q '^hello hop/1' "$dir/answers" || return 1
	got=$(cat "$dir/refused")
	want=$(table | awk -v d="$1" -v r="$2" '
	$1 == d && index(" " $0 " ", " " r " ") == 0 { print $2 }' |
	    grep -xF -f <(verbs | awk -v d="$1" '$1 == d { print $2 }') | sort)
	echo "refused: $got"
	echo "wanted:  $want"
	[ "$got" = "$want" ]
}
for d in hopmanagerd hopdirectord hopfrontd; do
	for r in $roles; do
		check "$d: what the role $r may say" matrix $d "$r"
	done
done
# The agents' sockets: unix alone, whoever opens one may say any role.
agents_matrix()
{
	local s=$1 r=$2

	printf 'status\nreload\nno-such-verb\n' |
	    "$bin/tests/lab/lines" -w 'error unknown verb' "$s" "$r" e01 \
	    >"$dir/answers" || return 1
	cat "$dir/answers"
	if [ "$r" = control ]; then
		! grep 'not for the role' "$dir/answers"
	else
		[ "$(grep -c 'not for the role' "$dir/answers")" = 2 ] &&
		    ! grep ^row "$dir/answers"
	fi
}
for d in hoploadd hoppingd; do
	for r in $roles; do
		check "$d: what the role $r may say" agents_matrix \
		    "$(echo "$dir/run/$d"-*.sock)" "$r"
	done
done
lives()
{
	echo "hello hop/1 $2 tester -" | cat - <(bye) |
	    tls "$1" "${port_of[$3]}" | grep -q '^hello hop/1'
}
check "a role that the certificate lacks is refused" \
    eval '! lives frontend control hopmanagerd'
check "one of no role at all is nobody" eval '! lives roleless control hopmanagerd'
for d in hopmanagerd hopdirectord hopfrontd; do
	check "$d: a certificate of all roles is taken" lives host control $d
	check "$d: one that has expired is refused" eval "! lives late control $d"
	check "$d: one of another authority is refused" \
	    eval "! lives foreign control $d"
done
no_certificate()
{
	! { echo "hello hop/1 control tester -"; bye; } |
	    timeout 5 openssl s_client -quiet -CAfile "$dir/tls/ca.crt" \
	    -connect "${port_of[hopdirectord]}" 2>/dev/null | grep hello
}
check "without a certificate nobody is heard" no_certificate
in_the_clear()
{
	local answer

	exec 3<>/dev/tcp/192.0.2.1/26002
	echo "hello hop/1 control tester -" >&3
	answer=$(timeout 5 cat <&3 | tr -d '\0')
	exec 3>&-
	! grep hop/1 <<<"$answer"
}
check "nor in the clear where TLS is spoken" in_the_clear
old_tls()
{
	local out

	# The client must be willing, or the test is of the client.
	out=$({ echo "hello hop/1 control tester -"; bye; } |
	    tls host "${port_of[hopdirectord]}" "$1" \
	    -cipher 'DEFAULT@SECLEVEL=0' -msg)
	cat "$dir/tls.err"
	! grep -aq 'hello hop/1 director' <<<"$out" &&
	    grep -aqE 'alert.*protocol version|<<< .*fatal protocol_version' \
	    <<<"$out$(cat "$dir/tls.err")"
}
check "TLS 1.0 is refused" old_tls -tls1
check "and 1.1" old_tls -tls1_1
new_tls()
{
	{ echo "hello hop/1 control tester -"; bye; } |
	    tls host "${port_of[hopdirectord]}" "$1" | grep -q '^hello hop/1'
}
check "1.2 is spoken" new_tls -tls1_2
check "and 1.3" new_tls -tls1_3
# Who could act in the future would have the last word for ever.
not_later()
{
	local now when

	echo "admin server www.la1 $1 $2 eve why" |
	    "$bin/tests/lab/lines" -w 'done' "$dir/run/m.sock" control eve ||
	    return 1
	now=$(date +%s)
	when=$(says "$dir/run/m.sock" |
	    sed -n 's/^row admin .*when=\([0-9]*\).*/\1/p')
	echo "when=$when, now $now"
	[ "$when" -ge $((now - 60)) ] && [ "$when" -le $((now + 60)) ]
}
check "a drain of the year 10000 is one of now" not_later draining 253402300800
check "and a later word counts" not_later enabled 0

# An impostor where the manager looks for its director: it has a certificate,
# but of a front end.
impostor()
{
	sed 's/26002/26009/; s/26001/26008/; s/m.sock/m2.sock/' "$dir/hop.xml" \
	    >"$dir/try.xml"
	(while sleep 0.2; do
		echo "hello hop/1 director d -"
	done) | timeout 8 openssl s_server -quiet -accept 192.0.2.1:26009 \
	    -cert "$dir/tls/frontend.crt" -key "$dir/tls/frontend.key" \
	    -CAfile "$dir/tls/ca.crt" -Verify 2 >"$dir/heard" 2>"$dir/impostor.log" &
	pids[impostor]=$!
	start manager2 "${plain[@]}" "$bin/hopmanagerd" -f "$dir/try.xml" \
	    --id m --no-snmp
	lab_wait 6 grep -q 'their certificate has no name URI:hopscotch:role:director' \
	    "$dir/manager2.log"
	set -- $?
	stop manager2
	stop impostor
	cat "$dir/heard" "$dir/impostor.log" "$dir/manager2.log"
	! grep -qE '^(load|state|borders|ping)' "$dir/heard" && return "$1"
}
check "who answers for a director without its role is told nothing" impostor

# TCP in the clear is for loopback, in the configuration and at the socket.
clear_conf()
{
	sed -E '/26002/s| tls="yes"||' "$dir/hop.xml" >"$dir/try.xml"
	complains 'try.xml:[0-9]+: .*192.0.2.1.*tls' "$bin/hopctl" check \
	    -f "$dir/try.xml"
}
check "lines in the clear off loopback are no configuration" clear_conf

# SNMP. (The files and the rest of the users' rights: s02-roles.)

# The oids of all columns that can be written.
writable()
{
	"$top/tools/mibgen" "$top/mibs/HOPSCOTCH-MIB.txt" | awk '
	/\.name = / { can = 0 }
	/\.writable = true/ { can = 1 }
	can && /\.oid = / {
		gsub(/.*\{|\}.*/, ""); gsub(/, /, ".")
		print "." $0
	}'
}
# may_set COMMAND...: which of them this user may set. What is wrong with the
# value, a 1, is told only to who may.
may_set()
{
	local oid n=0

	for oid in $(writable); do
		n=$((n + 1))
		"$@" snmpset "$P$oid.1.1" i 1 >"$dir/set" 2>&1
		! grep -qE 'noAccess|authorizationError' "$dir/set" ||
		    continue
		echo "$oid"
	done
	[ $n -ge 9 ] || echo "only $n can be written at all"
}
sets_only()
{
	local got want

	got=$(may_set "${@:2}" | sort)
	want=$(for o in $(writable); do
		[[ -n $1 && $o == $1.* ]] && echo "$o"
	done | sort)
	echo "may set: $got"
	[ "$got" = "$want" ]
}
check "a station's user sets nothing at all" sets_only '' as hopnms
check "the manager's user sets the probe table and nothing else" \
    sets_only .1.2.5 hopmgr
check "an operator's user sets admin states and nothing else" \
    sets_only .1.3.12 as hopoper
raw()
{
	! snmpget -r 0 -t 0.5 -On "$@" "127.0.0.1:$port" $P.1.3.1.2.0 |
	    grep ' = '
}
set_raw()
{
	! snmpset -r 0 -t 0.5 -On "$@" "127.0.0.1:$port" $P.1.3.12.1.4.1.1 i 2 |
	    grep ' = '
}
pw=(-a SHA-256 -A "$pass" -x AES -X "$pass")
for try in raw set_raw; do
	check "$try: version 1" $try -v1 -c public
	check "$try: version 2c" $try -v2c -c public
	check "$try: another community" $try -v2c -c private
	check "$try: no such user" $try -v3 -u nobody -l authPriv "${pw[@]}"
	check "$try: a wrong passphrase" $try -v3 -u hopoper -l authPriv \
	    -a SHA-256 -A wrong-passphrase -x AES -X $pass
	check "$try: a wrong key of privacy" $try -v3 -u hopoper -l authPriv \
	    -a SHA-256 -A $pass -x AES -X wrong-passphrase
	check "$try: another protocol" $try -v3 -u hopoper -l authPriv \
	    -a MD5 -A $pass -x DES -X $pass
	check "$try: without privacy" $try -v3 -u hopoper -l authNoPriv \
	    -a SHA-256 -A $pass
	check "$try: without anything" $try -v3 -u hopoper -l noAuthNoPriv
done
# What none of the users has a view of.
sees_not()
{
	! "$@" | grep -v 'No more variables' | grep -v 'No Such' | grep ' = '
}
check "the manager's user sees no interfaces" \
    sees_not hopmgr snmpbulkwalk .1.3.6.1.2.1.2
check "no user sees snmpd's own tables" eval '
    sees_not hopmgr snmpbulkwalk .1.3.6.1.6.3.15 &&
    sees_not as hopnms snmpbulkwalk .1.3.6.1.6.3.15 &&
    sees_not as hopoper snmpbulkwalk .1.3.6.1.6.3.15'
modest()
{
	local n

	n=$(hopmgr snmpbulkget -Cr2000000 $P | grep -c ' = ')
	echo "$n values"
	[ "$n" -ge 1 ] && [ "$n" -le 100 ]
}
check "a request for two million values gets a hundred" modest

for d in hopfrontd hopdirectord hopmanagerd hoppingd hoploadd; do
	stop $d
	check "$d is still there, and ends well" test "$status" = 0
done
exit $failed

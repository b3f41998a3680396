#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The Debian packages as an operator meets them: built, read by lintian,
# installed in a clean Debian 12 that a real systemd has booted, started by the
# three commands of doc/install.md (taken from there), reloaded, upgraded,
# removed and purged. The machine's own systemd, snmpd and network are not
# touched: the system runs in a container (systemd-nspawn) with a network of its
# own, and what clients and content servers are to it in a namespace beside.
# HOP_MIRROR names another mirror, KEEP=1 leaves the directory.
# lab: seconds=110

set -u
LAB_NAME=packages
# shellcheck source=tests/lab/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/check.sh"
. "$LAB_TOP/tests/lab/web.sh"
top=$LAB_TOP
mirror=${HOP_MIRROR:-http://deb.debian.org/debian}
name=hop-k-root            # cgroup and machine
outside=hop-k-out          # namespace of clients and content servers
dir='' nspawn='' leader='' nginx=''
ctl=$LAB_BUILD/hopctl
roles="agent prober manager director frontend ctl common"
units="hoploadd hoppingd hopmanagerd hopdirectord hopfrontd"
brains="hopmanagerd hopdirectord hopfrontd"
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

# Everything of a run, also of one that was killed.

cgroups()
{
	find /sys/fs/cgroup -depth -type d -path "*/$name*" 2>/dev/null
}

container_gone()
{
	! cgroups | while read -r g; do
		cat "$g/cgroup.procs" 2>/dev/null
	done | grep -q .
}

stop_container()
{
	[ -z "$leader" ] || kill -KILL "$leader" 2>/dev/null
	[ -z "$nspawn" ] || wait "$nspawn" 2>/dev/null
	leader='' nspawn=''
	cgroups | while read -r g; do
		xargs -r kill -KILL <"$g/cgroup.procs" 2>/dev/null
	done
	lab_wait 5 container_gone
	cgroups | xargs -r rmdir 2>/dev/null
}

clean()
{
	stop_container
	[ -z "$nginx" ] || kill "$nginx" 2>/dev/null
	ip netns pids $outside 2>/dev/null | xargs -r kill 2>/dev/null
	ip netns del $outside 2>/dev/null
}

end()
{
	local code=$?

	trap '' INT TERM
	trap - EXIT
	jobs -p | xargs -r kill 2>/dev/null
	clean
	mkdir -p "$top/build/test/packages"
	cp "$dir"/*.log "$top/build/test/packages/" 2>/dev/null
	[ -n "${KEEP:-}" ] || rm -rf --one-file-system "$dir"
	[ $code != 0 ] || code=$failed
	exit $code
}

# A clean Debian 12 with systemd and nothing else, but for libraries.

make_root()
{
	timeout 240 mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io \
	    --include=systemd,systemd-sysv --skip=cleanup/apt/cache \
	    bookworm "$root" "$mirror" >"$dir/root.log" 2>&1
}

# What apt will want there, so that it needs no network later.
fetch()
{
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	mkdir "$root/srv/deb"
	cp "$dir"/deb/*.deb "$root/srv/deb/"
	timeout 60 chroot "$root" sh -c 'apt-get -qq update &&
	    apt-get -qq -y --no-install-recommends --download-only \
	    install /srv/deb/hopscotch-*.deb logrotate' >"$dir/fetch.log" 2>&1
}

# Boots it in a cgroup of its own, so that nothing of it can be left.
boot()
{
	local h options=(--register=no)

	[ -d /run/systemd/system ] || options+=(--keep-unit)
	for h in systemd unified .; do
		[ -e "/sys/fs/cgroup/$h/cgroup.procs" ] || continue
		mkdir -p "/sys/fs/cgroup/$h/$name"
	done
	(
		for h in /sys/fs/cgroup/{systemd/,unified/,}$name; do
			[ ! -d "$h" ] || echo $BASHPID >"$h/cgroup.procs"
		done
		exec systemd-nspawn -q -D "$root" -b -M $name \
		    --hostname=hop1 --private-network --console=pipe \
		    --resolv-conf=off --timezone=off "${options[@]}"
	) >"$dir/console.log" 2>&1 </dev/null &
	nspawn=$!
	lab_wait 10 has_leader && lab_wait 20 is_booted
}

has_leader()
{
	leader=$(pgrep -P "$nspawn" 2>/dev/null | head -n 1)
	[ -n "$leader" ]
}

is_booted()
{
	local state

	state=$(inside systemctl is-system-running 2>/dev/null)
	[ "$state" = running ] || [ "$state" = degraded ]
}

# In the booted system, as its root, with its network.
inside()
{
	nsenter -t "$leader" -m -u -i -n -p -r -w -- env -i \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$@" \
	    </dev/null
}

# Programs of this machine in the network of the booted system.
near()
{
	nsenter -t "$leader" -n -- "$@"
}

# Content servers and clients, wired to the booted system: 192.0.2.1 is it.
make_outside()
{
	local i

	ip netns add $outside &&
	    ip -n $outside link add hop0 type veth peer name hop1 \
	    netns "$leader" || return 1
	ip -n $outside link set lo up
	ip -n $outside link set hop0 up
	near ip link set hop1 up
	near ip addr add 192.0.2.1/24 dev hop1
	for i in 11 12 99; do
		ip -n $outside addr add 192.0.2.$i/24 dev hop0
	done
	mkdir "$dir/www"
	web_conf "$dir/www" <<-END
	server { listen 192.0.2.11:80; location / { return 200 "web11\n"; } }
	server { listen 192.0.2.12:80; location / { return 200 "web12\n"; } }
	END
	ip netns exec $outside nginx -e stderr -c "$dir/www/nginx.conf" \
	    >"$dir/nginx.log" 2>&1 &
	nginx=$!
	lab_wait 5 client curl -s -o /dev/null http://192.0.2.12/
}

client()
{
	ip netns exec $outside "$@"
}

# The files that any of it leaves in a system.
traces()
{
	find "$root" -xdev \( -path "$root/proc" -o -path "$root/srv" -o \
	    -path "$root/var/cache" -o -path "$root/var/log/apt" -o \
	    -path "$root/tmp" \) -prune -o -iname '*hop*' -print
	inside find /run /tmp -iname '*hop*' -print
}

# --- the packages themselves ---

all_built()
{
	local r

	for r in $roles; do
		ls "$dir"/deb/hopscotch-"$r"_"$version"_*.deb || return 1
	done
	[ "$(find "$dir/deb" -name '*.deb' | wc -l)" = 7 ]
}

lint()
{
	lintian --allow-root --fail-on error,warning \
	    "$dir"/deb/hopscotch_*.changes
}

# Nothing asks (no debconf), nothing secret, no configuration to be served.
harmless()
{
	local f bad=0

	for f in "$dir"/deb/*.deb; do
		! dpkg-deb --ctrl-tarfile "$f" | tar -t |
		    grep -E '^\./(templates|config)$' || bad=1
		! dpkg-deb -c "$f" | grep -E '/etc/hopscotch/.|\.secret' ||
		    bad=1
	done
	return $bad
}

# bash takes the completion; every program and helper has its manual page.
complete_and_described()
{
	local f bad=0

	for f in "$dir"/deb/*.deb; do
		dpkg-deb --fsys-tarfile "$f" | tar -C "$dir/one" -xf - || return 1
	done
	bash -c "set -eu; . $dir/one/usr/share/bash-completion/completions/hopctl
	    complete -p hopctl" || return 1
	for f in "$dir"/one/usr/{bin,sbin}/*; do
		[ -e "$dir/one/usr/share/man/man8/${f##*/}.8.gz" ] ||
		    { echo "no page of $f"; bad=1; }
	done
	return $bad
}

by_hand()
{
	make -s --no-print-directory -C "$top" DESTDIR="$dir/hand" \
	    BUILD="$LAB_BUILD" PREFIX=/usr/local \
	    install-manager &&
	    grep -q '^ExecStart=/usr/local/sbin/hopmanagerd$' \
	    "$dir/hand/usr/local/lib/systemd/system/hopmanagerd.service" &&
	    [ -x "$dir/hand/usr/local/sbin/hopmanagerd" ] &&
	    [ ! -e "$dir/hand/usr/local/sbin/hopfrontd" ]
}

# What hopscotch-init writes is right, and what it cannot write it refuses.
init()
{
	"$top/conf/sbin/hopscotch-init" "$@"
}

init_writes()
{
	init -o "$dir/init.xml" www.example.com 192.0.2.11 '[2001:db8::1]:8080' &&
	    "$ctl" check -f "$dir/init.xml" | grep 'ok: .* 2 servers'
}

init_refuses()
{
	! init -o "$dir/init.xml" www.example.com 192.0.2.11 2>&1 |
	    grep -v 'is there already' &&
	    ! init -o "$dir/no.xml" 'www"<x' 192.0.2.11 &&
	    ! init -o "$dir/no.xml" www.example.com 2001:db8::1 &&
	    ! init -o "$dir/no.xml" www.example.com && [ ! -e "$dir/no.xml" ]
}

# --- in the booted system ---

apt()
{
	inside apt-get -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
}

installs()
{
	inside sh -c 'apt-get -y --no-install-recommends -o Dpkg::Use-Pty=0 \
	    install /srv/deb/hopscotch-*.deb logrotate' >"$dir/install.log" 2>&1 ||
	    { cat "$dir/install.log"; return 1; }
}

idle()
{
	local u

	for u in hoppingd $brains; do
		! inside systemctl is-active "$u" || return 1
		! inside systemctl is-enabled "$u" || return 1
	done
	! near ss -Hltn 'sport = :80' | grep .
}

active()
{
	local u

	for u; do
		inside systemctl --quiet is-active "$u" || {
			inside systemctl --no-pager status "$u"
			return 1
		}
	done
}

verified()
{
	local out

	out=$(inside systemd-analyze verify --man=no hoploadd.service \
	    hoppingd.service hoppingd@la.service hopmanagerd.service \
	    hopdirectord.service hopfrontd.service 2>&1 | grep -i hop)
	[ -z "$out" ] || { echo "$out"; return 1; }
}

exposed()
{
	inside systemd-analyze --no-pager security --offline=true \
	    --threshold=29 "$1" | tail -n 1
	[ "${PIPESTATUS[0]}" = 0 ]
}

# The commands of doc/install.md, as they stand there.
from_doc()
{
	awk '/<!-- three commands -->/ { f = 1; next }
	f && /^```/ { if (++n == 2) exit; next }
	f { print }' "$top/doc/install.md"
}

three_commands()
{
	[ "$(from_doc | wc -l)" = 3 ] || { from_doc; return 1; }
	from_doc >"$root/srv/three"
	inside sh -e /srv/three
}

redirected()
{
	client curl -s -D "$dir/header" -o "$dir/body" -L -m 5 \
	    --resolve www.example.com:80:192.0.2.1 "http://www.example.com/a?b"
	grep -q '^HTTP/1.1 302' "$dir/header" && grep -q '^web1[12]$' "$dir/body" ||
	    { cat "$dir/header" "$dir/body"; return 1; }
}

by_director()
{
	redirected && ! grep -i '^Server-Timing.*static' "$dir/header" ||
	    { cat "$dir/header"; return 1; }
}

all_up()
{
	[ "$(inside hopctl status --json | jq -c '[.daemons[].reachable]')" = \
	    '[true,true,true]' ]
}

# confined UNIT BOUND [KEPT]: user, capabilities and the like of its processes,
# their children and children's children; KEPT is what the first may hold on to.
confined()
{
	local unit=$1 bound=$2 kept=${3:-0000000000000000} pid main kids uid bad=0

	uid=$(inside id -u hopscotch)
	main=$(inside systemctl show -P MainPID "$unit")
	[ "$main" -gt 1 ] || return 1
	kids=$(inside pgrep -d, -P "$main")
	for pid in $main $(inside pgrep -P "$main${kids:+,$kids}"); do
		inside cat "/proc/$pid/status" >"$dir/status"
		awk -v uid="$uid" -v bound="$bound" -v kept="$kept" '
		$1 == "Uid:" && ($2 != uid || $3 != uid || $4 != uid) { bad = 1 }
		/^Cap(Inh|Amb):/ && $2 !~ /^0+$/ { bad = 1 }
		/^Cap(Prm|Eff):/ && $2 !~ /^0+$/ && $2 != kept { bad = 1 }
		$1 == "CapBnd:" && $2 != bound { bad = 1 }
		$1 == "NoNewPrivs:" && $2 != 1 { bad = 1 }
		$1 == "Seccomp:" && $2 != 2 { bad = 1 }
		END { exit bad }' "$dir/status" || {
			grep -E 'Name|Uid|Cap|NoNew|Seccomp:' "$dir/status"
			bad=1
		}
		kept=0000000000000000
	done
	return $bad
}

hashes()
{
	inside hopctl status -f "${1:-/etc/hopscotch/hopscotch.xml}" --json |
	    jq -r '.daemons[].hash' | sort -u
}

one_hash()
{
	[ "$(hashes)" = "$(inside sha256sum /etc/hopscotch/hopscotch.xml |
	    cut -d' ' -f1)" ]
}

pids()
{
	inside systemctl show -P MainPID $brains "$@"
}

reloads()
{
	local before

	before=$(pids)
	inside sed -i 's/<connections\/>/<connections limit="500"\/>/' \
	    /etc/hopscotch/hopscotch.xml &&
	    inside systemctl reload $brains && lab_wait 5 one_hash &&
	    [ "$before" = "$(pids)" ] ||
	    { hashes; echo "$before"; pids; return 1; }
}

# The service manager says so, the journal why, and nothing has changed.
refuses()
{
	local before

	inside cp -p /etc/hopscotch/hopscotch.xml /srv/good.xml
	before=$(hashes)
	inside sed -i 's/site="here" host/site="nowhere" host/' \
	    /etc/hopscotch/hopscotch.xml
	! inside systemctl reload hopfrontd || return 1
	active hopfrontd && [ "$before" = "$(hashes /srv/good.xml)" ] &&
	    inside journalctl --no-pager -u hopfrontd -o cat |
	    grep -qE 'hopscotch.xml:[0-9]+: .*nowhere' && redirected
}

journal()
{
	local daemons=(-t hoploadd -t hopmanagerd -t hopdirectord -t hopfrontd)

	inside journalctl --no-pager -q "${daemons[@]}" -o cat -p info |
	    grep -q 'listens at' &&
	    ! inside journalctl --no-pager -q "${daemons[@]}" -o cat |
	    grep '^<' &&
	    ! inside journalctl --no-pager -q "${daemons[@]}" -o cat -p err |
	    grep .
}

logged()
{
	redirected && inside grep -q 'method=GET' /var/log/hopscotch/access.log
}

# A file of the front end's, turned over under it.
rotates()
{
	inside sed -i 's/<frontend /<frontend access-log="\/var\/log\/hopscotch\/access.log" /' \
	    /etc/hopscotch/hopscotch.xml
	inside systemctl reload $brains && lab_wait 5 logged &&
	    inside logrotate -f /etc/logrotate.d/hopscotch &&
	    inside test -s /var/log/hopscotch/access.log.1 && lab_wait 5 logged ||
	    { inside ls -l /var/log/hopscotch; return 1; }
}

# --- SNMP ---

snmp()
{
	local user=$1 secret=$dir/secret

	shift
	cp "$root/etc/hopscotch/$user.secret" "$secret"
	near env MIBS= SNMP_PERSISTENT_DIR="$dir" SNMPCONFPATH="$dir" \
	    snmpget -v3 -l authPriv -u "$user" -a SHA-256 \
	    -A "$(sed -n 's/^auth //p' "$secret")" -x AES \
	    -X "$(sed -n 's/^priv //p' "$secret")" -r 1 -t 1 -Onq "$@"
}

snmp_user()
{
	inside hopscotch-snmp-setup "$@" &&
	    [ "$(stat -c %a "$root/etc/hopscotch/hopmgr.secret")" = 600 ] &&
	    active snmpd
}

# hopXVersion.0 of these subtrees
subtrees()
{
	local arc

	for arc; do
		snmp hopmgr 127.0.0.1 "$point.1.$arc.1.1.0" 2>&1 |
		    grep -F "\"$version\"" || return 1
	done
}

# The commented lines of what hopscotch-init wrote: one server has an agent.
by_load()
{
	inside sed -i -e 's/<!-- \(<snmp-user.*>\) -->/\1/' \
	    -e 's/<!-- <agent address="192.0.2.11".*/<agent address="192.0.2.1"\/>/' \
	    /etc/hopscotch/hopscotch.xml
	inside hopctl check --secrets &&
	    inside systemctl reload $brains && lab_wait 8 agent_up ||
	    { inside hopctl status agent server; return 1; }
}

agent_up()
{
	inside hopctl status --json | jq -e '[.daemons[].tables.agent[]?.state] ==
	    ["up"] and ([.daemons[].tables.server[]? | select(.id == "www1") |
	    .load | numbers] | length) > 0' >/dev/null
}

# Without a border it does not start.
border()
{
	! inside systemctl start hoppingd || return 1
	printf 'border here\ncanary 192.0.2.99\nallow 192.0.2.0/24\n' \
	    >>"$root/etc/default/hoppingd"
	inside systemctl enable --now hoppingd && lab_wait 5 active hoppingd
}

borders()
{
	cp "$root/etc/default/hoppingd" "$root/etc/default/hoppingd-two"
	sed -i '/^border/d' "$root/etc/default/hoppingd-two"
	inside systemctl start hoppingd@two && active hoppingd@two &&
	    inside systemctl stop hoppingd@two &&
	    inside rm /etc/default/hoppingd-two
}

# (Content servers are not on this host, though one's agent is, here.)
doctor()
{
	inside hopctl doctor >"$dir/doctor.log"
	grep -q '^ *ok .*hopfrontd f1 answers' "$dir/doctor.log" &&
	    ! grep '^ *FAIL' "$dir/doctor.log" | grep -v 'is no address of this host'
}

# Killed, as if by a fault: it is there again, and nobody has noticed.
comes_back()
{
	local before

	before=$(inside systemctl show -P MainPID hopdirectord)
	inside systemctl kill --kill-who=main -s SEGV hopdirectord
	redirected && lab_wait 8 replaced hopdirectord "$before" && redirected &&
	    lab_wait 5 by_director
}

# It hangs: the watchdog sees to it (after 2 s, for the test's sake).
is_woken()
{
	local before drop=/run/systemd/system/hopdirectord.service.d status

	inside mkdir -p $drop
	inside sh -c "printf '[Service]\nWatchdogSec=2s\n' >$drop/test.conf"
	inside systemctl daemon-reload
	inside systemctl restart hopdirectord
	before=$(inside systemctl show -P MainPID hopdirectord)
	inside systemctl kill --kill-who=main -s STOP hopdirectord
	redirected && lab_wait 10 replaced hopdirectord "$before" &&
	    inside journalctl --no-pager -q -u hopdirectord -o cat |
	    grep -q 'Watchdog timeout'
	status=$?
	inside rm -r $drop
	inside systemctl daemon-reload
	return $status
}

replaced()
{
	local now

	now=$(inside systemctl show -P MainPID "$1")
	[ "$now" -gt 1 ] && [ "$now" != "$2" ] && active "$1"
}

# The commands for certificates, as they stand in doc/install.md.
certificates()
{
	awk '/^### Certificates/ { f = 1 } /^And on the host/ { exit }
	f && /^    / { sub(/^    /, ""); print }' \
	    "$top/doc/install.md" >"$dir/tls.sh"
	mkdir "$dir/tls" && (cd "$dir/tls" && sh -e ../tls.sh) &&
	    openssl verify -CAfile "$dir/tls/ca.crt" "$dir/tls/host.crt" &&
	    [ "$(openssl x509 -in "$dir/tls/host.crt" -noout -ext subjectAltName |
	    grep -o 'URI:hopscotch:role:[a-z]*' | sort | xargs)" = \
	    "$(printf 'URI:hopscotch:role:%s ' control director frontend manager |
	    sed 's/ $//')" ]
}

# The daemons of several hosts there, in the place of the example's own.
several_hosts()
{
	{
		sed '/<!-- The daemons\./,$d' "$top/conf/hopscotch.xml"
		awk '/^## Several hosts/ { f = 1 } /^and `m2`/ { exit }
		f && /^    / { print }' "$top/doc/install.md"
		echo '</hopscotch>'
	} >"$dir/several.xml"
	"$ctl" check -f "$dir/several.xml" | grep 'ok: .* 1 manager, 1 director'
}

# --- upgrade and end ---

# Off and on again.
starts_anew()
{
	inside systemctl poweroff
	lab_wait 10 container_gone || return 1
	wait "$nspawn"
	ip netns pids $outside | xargs -r kill
	ip netns del $outside
	rm -r "$dir/www"
	boot && make_outside && lab_wait 10 active hoploadd snmpd $brains &&
	    lab_wait 5 by_director
}

# The same packages with a higher version.
repack()
{
	local f

	mkdir "$root/srv/new"
	for f in "$dir"/deb/*.deb; do
		rm -rf "$dir/one"
		dpkg-deb -R "$f" "$dir/one" &&
		    sed -i -e "/^Version:/s/\$/+k1/" \
		    -e "s/(= $version)/(= $version+k1)/g" \
		    "$dir/one/DEBIAN/control" &&
		    dpkg-deb -Znone -b "$dir/one" \
		    "$root/srv/new" || return 1
	done >/dev/null
}

upgrades()
{
	local before

	before=$(pids hoploadd)
	inside sh -c 'apt-get -y -o Dpkg::Use-Pty=0 --only-upgrade --reinstall \
	    install /srv/new/hopscotch-*.deb' >"$dir/upgrade.log" 2>&1 ||
	    { cat "$dir/upgrade.log"; return 1; }
	grep -q '^check mine=' "$root/etc/default/hoploadd" &&
	    [ -e "$root/etc/hopscotch/hopscotch.xml" ] &&
	    active hoploadd $brains && lab_wait 5 redirected || return 1
	# All of them are new processes.
	! grep -Fxf <(echo "$before") <(pids hoploadd) | grep .
}

removes()
{
	inside sh -c 'cat /proc/[0-9]*/comm' | grep -q '^hop' || return 1
	apt remove 'hopscotch-*' >"$dir/remove.log" 2>&1 || return 1
	! inside sh -c 'cat /proc/[0-9]*/comm' | grep '^hop' &&
	    [ -e "$root/etc/hopscotch/hopscotch.xml" ] &&
	    [ -e "$root/etc/default/hoploadd" ] && active snmpd &&
	    ! near ss -Hlx | grep hopscotch
}

# Nothing is left but the user, who cannot log in.
purges()
{
	local left

	apt purge 'hopscotch-*' >"$dir/purge.log" 2>&1 || return 1
	left=$(traces)
	[ -z "$left" ] || { echo "$left"; return 1; }
	! inside systemctl --no-legend list-unit-files 'hop*' | grep . &&
	    ! inside dpkg-query -W 'hopscotch*' 2>/dev/null &&
	    inside getent passwd hopscotch | grep '/usr/sbin/nologin$' &&
	    active snmpd
}

# Someone else's AgentX socket stays what it is.
polite()
{
	inside sh -c 'echo "agentXSocket /var/agentx/master" \
	    >/etc/snmp/snmpd.conf.d/other.conf; dpkg -i \
	    /srv/deb/hopscotch-common_*.deb' >"$dir/polite.log" 2>&1 &&
	    grep -F 'other.conf:1:agentXSocket' "$dir/polite.log" &&
	    [ ! -e "$root/etc/snmp/snmpd.conf.d/hopscotch-agentx.conf" ] &&
	    active snmpd
}

[ "$(id -u)" = 0 ] || skip "needs root"
needs mmdebstrap systemd-nspawn lintian dpkg-buildpackage dh nginx \
    snmpget curl jq ip nsenter
# One at a time: names and the like are the same for all.
exec 9<"$(command -v systemd-nspawn)"
flock -w 200 9 || skip "another run goes on"
clean
dir=$(mktemp -d /tmp/hop-k.XXXXXX) || exit 1
check_said=$dir/check.out
chmod 755 "$dir"
root=$dir/root
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$top/debian/changelog")
point=$(mib_point)
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

make_root &
making=$!
check "the packages are built from a copy of the tree" \
    "$top/tools/mkdeb" "$dir/deb"
check "one for each role, with the version of debian/changelog" all_built
check "lintian finds neither errors nor warnings" lint
mkdir "$dir/one"
check "completion and manual pages are there" complete_and_described
check "make install puts one role where it is told" by_hand
check "hopscotch-init writes what hopctl check takes" init_writes
check "and refuses what is there, or would not be XML" init_refuses
check "the commands for certificates work" certificates
check "the daemons of several hosts are right" several_hosts
check "they ask nothing, hold no secret and no network's configuration" harmless
wait $making ||
    skip "no Debian root: $(grep -m 1 '^E:' "$dir/root.log" || echo timeout)"
fetch || skip "no packages from $mirror: $(tail -n 1 "$dir/fetch.log")"
boot || skip "no systemd boots in a container here: $(tail -n 1 "$dir/console.log")"
# In a chroot there are none, and PrivateUsers= asks for them.
inside unshare --user true || skip "no user namespaces in a container here"
make_outside || skip "no network for it here"

check "apt installs them all in a clean Debian 12" installs
check "the load daemon runs, as it is complete" lab_wait 5 active hoploadd
check "nothing else is enabled, or runs" idle
check "snmpd has taken the files" active snmpd
check "systemd-analyze verify has nothing to say" verified
for unit in $units hoppingd@la; do
	check "exposure of $unit is below 3.0" exposed $unit.service
done
check "the three commands of doc/install.md work" three_commands
check "a client is redirected to a content server" redirected
check "the daemons are active" active $brains
check "hopctl reaches all of them" lab_wait 5 all_up
check "it is the director that decides" lab_wait 5 by_director
check "the manager runs as hopscotch, without rights" \
    confined hopmanagerd 0000000000000000
check "so does the director" confined hopdirectord 0000000000000000
check "so does the load daemon" confined hoploadd 0000000000000000
check "the front end keeps the right to open ports, for reloads" \
    confined hopfrontd 0000000000000400 0000000000000400
check "systemctl reload: a new configuration, the same processes" reloads
check "a bad one is refused, with its line in the journal" refuses
inside mv /srv/good.xml /etc/hopscotch/hopscotch.xml
check "the journal has lines of every level, and no error" journal
check "a director that dies is back, and clients are served" comes_back
check "one that hangs is started anew by the watchdog" is_woken
check "an access log is turned over" rotates
check "hopscotch-snmp-setup makes the manager's user" \
    snmp_user --listen 192.0.2.1
check "all daemons are seen through snmpd" lab_wait 10 subtrees 1 3 4 5
check "a server's load comes by SNMP" by_load
check "the ping daemon starts when it knows its border" border
check "it has had its socket, and has no right left" \
    confined hoppingd 0000000000002000
check "and is seen through snmpd" lab_wait 5 subtrees 2
check "a host may have several borders" borders
check "and that of management stations" snmp_user hopnms
check "hopctl doctor has nothing to repair" doctor
check "hopscotch-snmp-setup: run again, it replaces the user" snmp_user
check "who is known still" lab_wait 10 subtrees 1
echo 'check mine=tcp:127.0.0.1:161' >>"$root/etc/default/hoploadd"
check "higher versions can be made" repack
check "an upgrade keeps what was edited, and restarts what ran" upgrades
check "after a boot all is there again" starts_anew
check "removal ends all, and keeps what was configured" removes
check "purging leaves nothing but the user" purges
check "the AgentX socket of another is left alone" polite

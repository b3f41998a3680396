# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The farm in the lab: four sites, two content servers at each (snmpd,
# hoploadd, nginx), a front end and a border (snmpd, hoppingd) at each, one
# manager, one director and a management station, at ny; outside, client
# networks near each site. Sourced after lib.sh and wan.sh. FARM_PAIRS=yes: a
# second manager and a second director, manager2 and director2.
#
# Addresses: 10.<site>.<server>.<border> are aliases, 10.<site>.<server>.9 is
# for management; server 0 is the front end, and .0.254 the border, known
# outside as .0.253; 10.9.0.x are the others.
# 2001:db8:a<site>:<server>::<border> are the same in IPv6, 2001:db8:c<site>::
# the clients.

FARM_SITES="ny la dc sj"
FARM_PAIRS=${FARM_PAIRS:-no}
FARM_BRAINS="manager director"
[ "$FARM_PAIRS" = no ] || FARM_BRAINS="manager manager2 director director2"
FARM_SERVERS="ny1 ny2 la1 la2 dc1 dc2 sj1 sj2"
declare -A FARM_NUMBER=([ny]=1 [la]=2 [dc]=3 [sj]=4)
# A network of clients near each site: one host with several addresses, and one
# that answers no pings. 128.9.192.44 is the seed's own example.
declare -A FARM_NET=([ny]=198.51.100 [la]=128.9.192 [dc]=192.0.2 [sj]=203.0.113)
declare -A FARM_CLIENT=([ny]=198.51.100.10 [la]=128.9.192.44 [dc]=192.0.2.10
    [sj]=203.0.113.10)
# Round trips, in ms, between the network and the borders ny, la, dc, sj.
declare -A FARM_RTT=([ny]="12 74 21 78" [la]="76 10 84 24" [dc]="30 70 9 66"
    [sj]="71 24 66 13")
# Two addresses somewhere outside by which a border sees that its uplink works.
FARM_CANARIES="9.9.9.1 9.9.9.2"
declare -A FARM_PASS=([hopmgr]=lab-manager [hopoper]=lab-operator
    [hopnms]=lab-station)

# The management address of a host of the farm.
farm_address()
{
	case $1 in
	manager) echo 10.9.0.1 ;;
	director) echo 10.9.0.2 ;;
	nms) echo 10.9.0.3 ;;
	manager2) echo 10.9.0.4 ;;
	director2) echo 10.9.0.5 ;;
	front-*) echo "10.${FARM_NUMBER[${1#front-}]}.0.9" ;;
	border-*) echo "10.${FARM_NUMBER[${1#border-}]}.0.254" ;;
	*) echo "10.${FARM_NUMBER[${1:0:2}]}.${1:2}.9" ;;
	esac
}

# The alias addresses of a content server, in the order of the borders.
farm_aliases()
{
	local b

	for b in 1 2 3 4; do
		echo "10.${FARM_NUMBER[${1:0:2}]}.${1:2}.$b"
	done
}

farm_aliases6()
{
	local b

	for b in 1 2 3 4; do
		echo "2001:db8:a${FARM_NUMBER[${1:0:2}]}:${1:2}::$b"
	done
}

farm_names()
{
	local h s

	for h in $FARM_SERVERS; do
		printf '%s\twww.%s.test.com %s\n' "$(farm_address "$h")" "$h" "$h"
	done
	for s in $FARM_SITES; do
		printf '%s\tfront-%s.test.com front-%s\n' \
		    "$(farm_address "front-$s")" "$s" "$s"
		printf '%s\tborder-%s.test.com border-%s\n' \
		    "$(farm_address "border-$s")" "$s" "$s"
	done
	for h in $FARM_BRAINS nms; do
		printf '%s\t%s.test.com %s\n' "$(farm_address $h)" $h $h
	done
	tr '\n' ' ' <"$LAB/etc/hopscotch.xml" | grep -o '<alias [^>]*>' |
	    awk -F'"' -v OFS='\t' '{ print $6, $4; print $8, $4 }'
}

# The station's own /etc/snmp: its tools need no more than a host and a name.
farm_nms_conf()
{
	local dir=/etc/netns/${LAB_PREFIX}nms/snmp

	mkdir -p "$dir" "$LAB/host/nms/cert_indexes"
	{
		echo "mibdirs $LAB/mibs"
		echo "mibs HOPSCOTCH-MIB"
		echo "defVersion 3"
		echo "defSecurityName hopnms"
		echo "defSecurityLevel authPriv"
		echo "defAuthType SHA-256"
		echo "defAuthPassphrase ${FARM_PASS[hopnms]}"
		echo "defPrivType AES"
		echo "defPrivPassphrase ${FARM_PASS[hopnms]}"
	} >"$dir/snmp.conf"
}

# What leaves from an alias leaves through its border, wherever that is: a
# table of routes for each border, chosen by the source address.
farm_exits()
{
	local host=$1 ns=$LAB_PREFIX$1 s b

	for s in $FARM_SITES; do
		b=${FARM_NUMBER[$s]}
		ip -n "$ns" route add $LAB_INSIDE dev eth0 table $b
		ip -n "$ns" route add default via "10.$b.0.254" dev eth0 table $b
		ip -n "$ns" -6 route add $LAB_INSIDE6 dev eth0 table $b
		ip -n "$ns" -6 route add default via "2001:db8:a$b::254" \
		    dev eth0 table $b
	done
	for s in $(farm_aliases "$host"); do
		ip -n "$ns" rule add from "$s" lookup "${s##*.}"
	done
	for s in $(farm_aliases6 "$host"); do
		ip -n "$ns" -6 rule add from "$s" lookup "${s##*::}"
	done
	farm_way_out "$host" "${host:0:2}"
}

# Everything else leaves by the border of the host's own site.
farm_way_out()
{
	local ns=$LAB_PREFIX$1 b=${FARM_NUMBER[$2]}

	ip -n "$ns" route add default via "10.$b.0.254" dev eth0
	ip -n "$ns" -6 route add default via "2001:db8:a$b::254" dev eth0
}

farm_servers()
{
	local h s a

	for h in $FARM_SERVERS; do
		# shellcheck disable=SC2046 # lists of addresses
		lab_host "$h" "br-${h:0:2}" "$(farm_address "$h")" \
		    $(farm_aliases "$h") $(farm_aliases6 "$h")
		farm_exits "$h"
		# The world outside knows by which border an alias is reached.
		for s in $FARM_SITES; do
			a=${FARM_NUMBER[$s]}
			wan_route "10.${FARM_NUMBER[${h:0:2}]}.${h:2}.$a" \
			    "border-$s"
			wan_route "2001:db8:a${FARM_NUMBER[${h:0:2}]}:${h:2}::$a" \
			    "border-$s"
		done
	done
}

farm_site()
{
	local s=$1 n=${FARM_NUMBER[$1]} a

	lab_host "border-$s" "br-$s" "10.$n.0.254" "2001:db8:a$n::254"
	wan_border "$s" "10.$n.0.253" "2001:db8:a$n::253"
	lab_host "front-$s" "br-$s" "10.$n.0.9" "10.$n.0.1" "2001:db8:a$n::1"
	farm_way_out "front-$s" "$s"
	for a in 10.$n.0.{1,253} 2001:db8:a$n::{1,253}; do
		wan_route "$a" "border-$s"
	done
}

# 198.18.<site>.1 is a client that may not be pinged (RFC 2544), 100.64.1<site>.1
# to .4<site>.1 are in networks that nobody came from before. On the host
# that answers no pings, one is in the network of the others, one is not.
farm_clients()
{
	local s=$1 n=${FARM_NUMBER[$1]} net=${FARM_NET[$1]} a

	a="$net.11 $net.12 $net.13 $net.14 $net.15 $net.16 $net.17 $net.18"
	# shellcheck disable=SC2086 # lists of addresses
	wan_client "client-$s" "net-$s" "${FARM_CLIENT[$s]}" $a \
	    "198.18.$n.1" "100.64."{1,2,3,4}"$n.1" \
	    "2001:db8:c$n::10" "2001:db8:c$n::11"
	wan_client "quiet-$s" "net-$s" "100.64.$n.66" "$net.66"
	ip netns exec "${LAB_PREFIX}quiet-$s" \
	    sysctl -qw net.ipv4.icmp_echo_ignore_all=1
	for a in "$net.0/24" "198.18.$n.0/24" "100.64."{1,2,3,4}"$n.0/24" \
	    "2001:db8:c$n::/48"; do
		wan_route "$a" "client-$s"
	done
	wan_route "$net.66" "quiet-$s"
	wan_route "100.64.$n.0/24" "quiet-$s"
	# shellcheck disable=SC2086 # a list of times
	wan_near "net-$s" ${FARM_RTT[$s]}
	# As DNS or one address announced everywhere would do it: the name of
	# the service leads to the nearest front end.
	for a in client quiet; do
		{
			printf '10.%d.0.1\twww.test.com\n' "$n"
			printf '2001:db8:a%d::1\twww.test.com\n' "$n"
		} >>"/etc/netns/$LAB_PREFIX$a-$s/hosts"
	done
}

farm_hosts()
{
	local s h

	wan_inside "$LAB/etc/hopscotch.xml"
	wan_outside
	for s in $FARM_SITES; do
		farm_site "$s"
	done
	farm_servers
	for h in $FARM_BRAINS nms; do
		lab_host "$h" br-ny "$(farm_address "$h")"
	done
	for s in $FARM_SITES; do
		farm_clients "$s"
	done
	# shellcheck disable=SC2086 # a list of addresses
	wan_client canary far $FARM_CANARIES
	for h in $FARM_CANARIES; do
		wan_route "$h" canary
	done
	wan_near far 8 8 8 8
	farm_nms_conf
	farm_names >"$LAB/etc/names"
	lab_names "$LAB/etc/names"
}

# The configuration with the second ones, if they are wanted.
farm_pairs()
{
	if [ "$FARM_PAIRS" = no ]; then
		cat
		return
	fi
	sed -e '/<director id="director"/i\
  <manager id="manager2" probe-fresh="10s">\
    <listen socket="@LAB@/run/manager2.sock"/>\
  </manager>' -e '/<frontend id="front-ny"/i\
  <director id="director2" fresh="10s">\
    <listen socket="@LAB@/run/director2.sock"/>\
  </director>'
}

farm_conf()
{
	farm_pairs <"$LAB_TOP/tests/lab/farm.xml.in" |
	    sed "s|@LAB@|$LAB|g" >"$LAB/etc/hopscotch.xml"
	(
		umask 077
		printf 'auth %s\npriv %s\n' "${FARM_PASS[hopmgr]}" \
		    "${FARM_PASS[hopmgr]}" >"$LAB/etc/hopmgr.secret"
	)
	chown "$LAB_USER:$LAB_GROUP" "$LAB/etc/hopmgr.secret"
}

# The MIBs by name: ours, and the base ones wherever Debian put them.
farm_mibs()
{
	local m

	for m in SNMPv2-SMI SNMPv2-TC SNMPv2-CONF SNMPv2-MIB \
	    INET-ADDRESS-MIB SNMP-FRAMEWORK-MIB NET-SNMP-MIB; do
		find /usr/lib/erlang/lib/snmp-*/mibs /usr/share/snmp/mibs \
		    -maxdepth 1 \( -name $m.mib -o -name $m.txt \) \
		    -exec cp {} "$LAB/mibs/" \; 2>/dev/null
	done
	cp "$LAB_TOP/mibs/HOPSCOTCH-MIB.txt" "$LAB/mibs/"
}

farm_snmp_user()
{
	echo "createUser $1 SHA-256 ${FARM_PASS[$1]} AES ${FARM_PASS[$1]}"
}

# A snmpd as shipped, but for its paths, address and the group of the socket.
farm_snmpd_conf()
{
	local host=$1 role=$2 dir=$LAB/host/$1 u

	mkdir -p "$dir/etc" "$dir/persist" "$dir/agentx"
	{
		echo "agentaddress udp:$(farm_address "$host"):161"
		sed -e "s|/run/hopscotch-agentx/|$dir/agentx/|g" \
		    -e "s|/var/agentx/|$dir/agentx/own-|g" \
		    -e "/^agentXPerms/s|hopscotch|$LAB_GROUP|" \
		    "$LAB_TOP"/conf/snmpd.conf.d/{agentx,users}.conf
		role=$LAB_TOP/conf/snmpd.conf.d/$role.conf
		[ ! -e "$role" ] || cat "$role"
	} >"$dir/etc/snmpd.conf"
	for u in hopmgr hopoper hopnms; do
		farm_snmp_user $u
	done >"$dir/persist/snmpd.conf"
	chmod 600 "$dir/persist/snmpd.conf"
	chown -R Debian-snmp:Debian-snmp "$dir/persist"
	chown "root:$LAB_GROUP" "$dir/agentx"
	chmod 750 "$dir/agentx"
}

farm_start_snmpd()
{
	local dir=$LAB/host/$1

	lab_start "snmpd-$1" "$1" env SNMP_PERSISTENT_DIR="$dir/persist" \
	    SNMPCONFPATH="$dir/etc:$dir/persist" MIBS= snmpd -f -LOw -u Debian-snmp \
	    -g Debian-snmp -I -smux,mteTrigger,mteTriggerConf
}

# The page tells who served it, through which exit, and whom.
farm_nginx_conf()
{
	local host=$1 dir=$LAB/host/$1 a

	mkdir -p "$dir/tmp"
	{
		echo "user www-data; worker_processes 1; daemon off;"
		echo "pid $dir/nginx.pid; error_log stderr warn;"
		echo "worker_rlimit_nofile 8192;"
		echo "events { worker_connections 4096; }"
		echo "http {"
		echo "    access_log off; default_type text/plain;"
		echo "    keepalive_timeout 1h; client_header_timeout 1h;"
		for a in client_body proxy fastcgi uwsgi scgi; do
			echo "    ${a}_temp_path $dir/tmp;"
		done
		echo "    server {"
		for a in $(farm_aliases "$host"); do
			echo "        listen $a:80;"
		done
		for a in $(farm_aliases6 "$host"); do
			echo "        listen [$a]:80;"
		done
		echo "        add_header Content-Server www.$host.test.com;"
		echo "        return 200 'This is www.$host.test.com, reached" \
		    "as \$host for \$request_uri."
		echo "';"
		echo "    }"
		echo "}"
	} >"$dir/nginx.conf"
}

farm_start_nginx()
{
	lab_start "nginx-$1" "$1" nginx -e stderr -c "$LAB/host/$1/nginx.conf"
}

# With a file of options that is kept, if it is there.
farm_start_hoploadd()
{
	local a options=$LAB/host/$1/hoploadd.options

	a=$(farm_aliases "$1" | head -1)
	[ -e "$options" ] ||
	    printf 'port 80\ncheck www=http://%s:80/\n' "$a" >"$options"
	lab_start_unprivileged "hoploadd-$1" "$1" env \
	    HOPSCOTCH_RUN="$LAB/run" "$LAB/bin/hoploadd" --id "$1" \
	    --options "$options" --agentx "$LAB/host/$1/agentx/master"
}

# farm_start_brain PROGRAM ID
farm_start_brain()
{
	lab_start_unprivileged "$2" "$2" env \
	    HOPSCOTCH_RUN="$LAB/run" HOPSCOTCH_STATE="$LAB/state" \
	    "$LAB/bin/$1" -f "$LAB/etc/hopscotch.xml" --id "$2" \
	    --agentx "$LAB/host/$2/agentx/master"
}

farm_start_manager()
{
	farm_start_brain hopmanagerd "${1:-manager}"
}

farm_start_director()
{
	farm_start_brain hopdirectord "${1:-director}"
}

# A front end starts as root for port 80 and drops to the user by itself.
farm_start_front()
{
	lab_start "front-$1" "front-$1" env HOPSCOTCH_RUN="$LAB/run" \
	    HOPSCOTCH_STATE="$LAB/state" "$LAB/bin/hopfrontd" \
	    -f "$LAB/etc/hopscotch.xml" --id "front-$1" \
	    --agentx "$LAB/host/front-$1/agentx/master" --user "$LAB_USER"
}

# Pings out of a border, asked for by the manager.
farm_start_prober()
{
	local s=$1 n=${FARM_NUMBER[$1]} options=$LAB/host/border-$1/options

	[ -e "$options" ] || {
		printf 'allow %s.0/24\n' "${FARM_NET[@]}"
		# shellcheck disable=SC2086 # a list of addresses
		printf 'canary %s\n' $FARM_CANARIES
	} >"$options"
	lab_start "hoppingd-$s" "border-$s" env HOPSCOTCH_RUN="$LAB/run" \
	    "$LAB/bin/hoppingd" --border "$s" \
	    --source "10.$n.0.253" --source "2001:db8:a$n::253" \
	    --allow 100.64.0.0/16 --allow 2001:db8:c0::/44 \
	    --options "$options" \
	    --user "$LAB_USER" \
	    --agentx "$LAB/host/border-$s/agentx/master"
}

farm_role()
{
	case $1 in
	manager* | director*) echo "${1%2}" ;;
	front-*) echo frontend ;;
	border-*) echo border ;;
	*) echo content-server ;;
	esac
}

# Hosts, configuration and copies of the programs; only the network runs. (The
# source tree may be where an unprivileged user cannot read.)
farm_make()
{
	local h p

	for p in hoploadd hoppingd hopmanagerd hopdirectord hopfrontd hopctl; do
		cp "$LAB_BUILD/$p" "$LAB/bin/" || exit 1
	done
	cp "$LAB_BUILD"/tests/lab/{fill,lines,load,wan} "$LAB/bin/" || exit 1
	farm_conf
	farm_mibs
	farm_hosts
	for h in $FARM_SERVERS; do
		farm_nginx_conf "$h"
	done
	for h in $FARM_SERVERS $FARM_BRAINS {front,border}-{ny,la,dc,sj}; do
		farm_snmpd_conf "$h" "$(farm_role "$h")"
	done
	wan_start || exit 1
}

farm_start()
{
	local h s

	for h in $FARM_SERVERS; do
		farm_start_snmpd "$h"
		farm_start_nginx "$h"
		farm_start_hoploadd "$h"
	done
	for h in $FARM_BRAINS; do
		farm_start_snmpd "$h"
		"farm_start_${h%2}" "$h"
	done
	for s in $FARM_SITES; do
		farm_start_snmpd "front-$s"
		farm_start_front "$s"
		farm_start_snmpd "border-$s"
		farm_start_prober "$s"
	done
}

# hopctl with this farm's configuration: farm_hopctl VERB ARGUMENT...
farm_hopctl()
{
	local verb=$1

	shift
	"$LAB/bin/hopctl" "$verb" -f "$LAB/etc/hopscotch.xml" "$@"
}

# farm_snmp USER TOOL HOST ARGUMENT...: snmpwalk, snmpset ... as that user.
farm_snmp()
{
	local user=$1 tool=$2 host=$3

	shift 3
	lab_run nms env SNMPCONFPATH=/nonexistent \
	    SNMP_PERSISTENT_DIR="$LAB/host/nms" "$tool" -v3 -l authPriv \
	    -u "$user" -a SHA-256 -A "${FARM_PASS[$user]}" -x AES \
	    -X "${FARM_PASS[$user]}" -t 2 -r 1 -M "$LAB/mibs" \
	    -m HOPSCOTCH-MIB "$(farm_address "$host")" "$@"
}

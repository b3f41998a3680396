# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The farm in the lab: four sites, two content servers at each (snmpd,
# hoploadd, nginx), a front end at each, one manager, one director, clients at
# four places and a management station. Sourced after lib.sh.
#
# Addresses: 10.<site>.<server>.<border> are aliases, 10.<site>.<server>.9 is
# for management; server 0 is the front end; 10.9.0.x are the others.

FARM_SITES="ny la dc sj"
FARM_SERVERS="ny1 ny2 la1 la2 dc1 dc2 sj1 sj2"
declare -A FARM_NUMBER=([ny]=1 [la]=2 [dc]=3 [sj]=4)
# Where the clients sit; 128.9.192.44 is the seed's own example.
declare -A FARM_CLIENT=([ny]=198.51.100.10 [la]=128.9.192.44 [dc]=192.0.2.10
    [sj]=203.0.113.10)
declare -A FARM_PASS=([hopmgr]=lab-manager [hopoper]=lab-operator
    [hopnms]=lab-station)

# The management address of a host of the farm.
farm_address()
{
	case $1 in
	manager) echo 10.9.0.1 ;;
	director) echo 10.9.0.2 ;;
	nms) echo 10.9.0.3 ;;
	front-*) echo "10.${FARM_NUMBER[${1#front-}]}.0.9" ;;
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

farm_names()
{
	local h s

	for h in $FARM_SERVERS; do
		printf '%s\twww.%s.test.com %s\n' "$(farm_address "$h")" "$h" "$h"
	done
	for s in $FARM_SITES; do
		printf '%s\tfront-%s.test.com front-%s\n' \
		    "$(farm_address "front-$s")" "$s" "$s"
	done
	for h in manager director nms; do
		printf '%s\t%s.test.com %s\n' "$(farm_address $h)" $h $h
	done
	sed -n 's/.*<alias .*name="\([^"]*\)" address="\([^"]*\)".*/\2\t\1/p' \
	    "$LAB/etc/hopscotch.xml"
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

farm_hosts()
{
	local s h n aliases

	for h in $FARM_SERVERS; do
		mapfile -t aliases < <(farm_aliases "$h")
		lab_host "$h" "$(farm_address "$h")" "${aliases[@]}"
	done
	for s in $FARM_SITES; do
		n=${FARM_NUMBER[$s]}
		lab_host "front-$s" "10.$n.0.9" "10.$n.0.1"
		# Two clients: one that was measured, one that nobody knows.
		lab_host "client-$s" "${FARM_CLIENT[$s]}" "10.$n.200.1"
	done
	for h in manager director nms; do
		lab_host $h "$(farm_address $h)"
	done
	farm_nms_conf
	farm_names >"$LAB/etc/names"
	lab_names "$LAB/etc/names"
	# As DNS or one address announced everywhere would do it: the name of
	# the service leads to the nearest front end.
	for s in $FARM_SITES; do
		printf '10.%d.0.1\twww.test.com\n' "${FARM_NUMBER[$s]}" \
		    >>"/etc/netns/${LAB_PREFIX}client-$s/hosts"
	done
}

farm_conf()
{
	sed "s|@LAB@|$LAB|g" "$LAB_TOP/tests/lab/farm.xml.in" \
	    >"$LAB/etc/hopscotch.xml"
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
		    "$LAB_TOP/conf/snmpd.conf.d/$role.conf"
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

farm_start_hoploadd()
{
	local a

	a=$(farm_aliases "$1" | head -1)
	lab_start_unprivileged "hoploadd-$1" "$1" "$LAB/bin/hoploadd" \
	    --agentx "$LAB/host/$1/agentx/master" --port 80 \
	    --check "www=http://$a:80/"
}

farm_start_manager()
{
	lab_start_unprivileged manager manager env \
	    HOPSCOTCH_RUN="$LAB/run" HOPSCOTCH_STATE="$LAB/state" \
	    "$LAB/bin/hopmanagerd" -f "$LAB/etc/hopscotch.xml" --id manager \
	    --agentx "$LAB/host/manager/agentx/master"
}

farm_start_director()
{
	lab_start_unprivileged director director env \
	    HOPSCOTCH_RUN="$LAB/run" HOPSCOTCH_STATE="$LAB/state" \
	    "$LAB/bin/hopdirectord" -f "$LAB/etc/hopscotch.xml" \
	    --id director --agentx "$LAB/host/director/agentx/master"
}

# A front end starts as root for port 80 and drops to the user by itself.
farm_start_front()
{
	lab_start "front-$1" "front-$1" env HOPSCOTCH_RUN="$LAB/run" \
	    HOPSCOTCH_STATE="$LAB/state" "$LAB/bin/hopfrontd" \
	    -f "$LAB/etc/hopscotch.xml" --id "front-$1" \
	    --agentx "$LAB/host/front-$1/agentx/master" --user "$LAB_USER"
}

# Pings for the four clients, by a collector that is a shell script.
farm_start_collector()
{
	lab_start_unprivileged collector director \
	    bash "$LAB/bin/collector.sh" 127.0.0.1 26559 "$LAB/etc/pings"
}

farm_pings()
{
	cat <<-'END'
	borders unit=us ny la dc sj
	ping 198.51.100.10 12000 74000 21000 78000
	ping 128.9.192.44 231000 202000 291000 207000
	ping 192.0.2.10 30000 70000 9000 66000
	ping 203.0.113.10 71000 14000 66000 13000
	END
}

farm_role()
{
	case $1 in
	manager | director) echo "$1" ;;
	front-*) echo frontend ;;
	*) echo content-server ;;
	esac
}

# Hosts, configuration and copies of the programs; nothing runs yet. (The
# source tree may be where an unprivileged user cannot read.)
farm_make()
{
	local h p

	for p in hoploadd hopmanagerd hopdirectord hopfrontd hopctl; do
		cp "$LAB_BUILD/$p" "$LAB/bin/" || exit 1
	done
	cp "$LAB_BUILD"/tests/lab/{fill,load} "$LAB/bin/" || exit 1
	cp "$LAB_TOP/tests/lab/collector.sh" "$LAB/bin/"
	farm_conf
	farm_pings >"$LAB/etc/pings"
	farm_mibs
	farm_hosts
	for h in $FARM_SERVERS; do
		farm_nginx_conf "$h"
	done
	for h in $FARM_SERVERS manager director front-ny front-la front-dc \
	    front-sj; do
		farm_snmpd_conf "$h" "$(farm_role "$h")"
	done
}

farm_start()
{
	local h s

	for h in $FARM_SERVERS; do
		farm_start_snmpd "$h"
		farm_start_nginx "$h"
		farm_start_hoploadd "$h"
	done
	for h in manager director; do
		farm_start_snmpd "$h"
		"farm_start_$h"
	done
	for s in $FARM_SITES; do
		farm_start_snmpd "front-$s"
		farm_start_front "$s"
	done
	farm_start_collector
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

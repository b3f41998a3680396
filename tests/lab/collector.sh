#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A collector in the shell: feeds a director with the lines of a file, which
# is read anew when it changes. Stands in for the ping daemon and shows how
# little a feed of one's own needs. Usage: collector.sh ADDRESS PORT FILE

set -u
address=$1 port=$2 file=$3

# One connection: hello, the lines, then the beat each second; what the
# director says is printed.
feed()
{
	local sent='' now said status

	exec 3<>"/dev/tcp/$address/$port" || return
	echo 'hello hop/1 collector pings - gives=path' >&3
	while :; do
		now=$(stat -c %Y "$file")
		if [ "$now" != "$sent" ]; then
			cat "$file" >&3 || return
			echo synced >&3
			sent=$now
		fi
		echo beat >&3 || return
		# Reading is also what paces the loop.
		while read -r -t 1 said <&3; do
			case $said in
			beat) break ;;
			resync) sent='' ;;
			*) echo "director: $said" ;;
			esac
		done
		status=$?
		[ $status = 0 ] || [ $status -gt 128 ] || return
	done
}

trap '' PIPE
while :; do
	feed 2>/dev/null
	exec 3>&-
	sleep 0.5
done

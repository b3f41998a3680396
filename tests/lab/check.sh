# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: BSD-2-Clause
#
# Results of a scenario, and waiting for events. Sourced by all of them.
#
#	check TEXT COMMAND...   ok if the command succeeds; it runs in this shell
#	ok TEXT, not_ok TEXT    the same of what is known
#	note TEXT...            a figure, for people
#	skip WHY                leave with what the test runner takes as skipped
#	needs TOOL...           or skip
#	built PROGRAM...        of our own, under $LAB_BUILD, or skip
#	lab_wait SECONDS COMMAND...  until it succeeds; else what it said last
#	lab_now                 milliseconds since 1970
#	mib_point               where the MIB hangs, as numbers
#
# $failed becomes 1 by the first failure. $check_said is a file for what a
# command says, $check_logs are those of which a failure shows the end.

LAB_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
LAB_BUILD=${LAB_BUILD:-$LAB_TOP/build/release}
failed=0
check_said=/dev/null
check_logs=()

skip()
{
	echo "skip ${LAB_NAME:-$(basename "$0" .sh)}: $*"
	exit 77
}

needs()
{
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null ||
		    skip "needs $tool (make deps)"
	done
}

built()
{
	local program

	for program in "$@"; do
		[ -x "$LAB_BUILD/$program" ] ||
		    skip "needs $LAB_BUILD/$program (make lab-tools)"
	done
}

note()
{
	echo "    $*"
}

ok()
{
	echo "ok $*"
}

not_ok()
{
	echo "not ok $*"
	failed=1
}

check()
{
	local text=$1

	shift
	if "$@" >"$check_said" 2>&1; then
		ok "$text"
		return
	fi
	not_ok "$text"
	note "$*"
	{
		tail -20 "$check_said"
		[ ${#check_logs[@]} = 0 ] || tail -qn 5 "${check_logs[@]}"
	} | sed 's/^/    | /'
}

lab_now()
{
	echo $((${EPOCHREALTIME/./} / 1000))
}

lab_wait()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || {
			"$@"
			return 1
		}
		sleep 0.05
	done
}

mib_point()
{
	"$LAB_TOP/tools/mibgen" "$LAB_TOP/mibs/HOPSCOTCH-MIB.txt" |
	    sed -n 's/^#define MIB_POINT_TEXT "\(.*\)"/.\1/p'
}

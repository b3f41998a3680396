#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Asks a second that a director answers, and what one costs it: of an ordinary
# service, and of a sticky one with preferences of clients.

set -eu
build=${LAB_BUILD:-build/release}
"$build/tests/bench/director_bench" "$build/hopdirectord" "${1:-3}"
"$build/tests/bench/director_bench" "$build/hopdirectord" "${1:-3}" 64 rules

#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Asks a second that a director answers, and what one costs it.

set -eu
build=${LAB_BUILD:-build/release}
"$build/tests/bench/director_bench" "$build/hopdirectord" "${1:-3}"

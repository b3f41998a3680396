#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What it costs the manager to keep prefixes fresh: CPU time of its own
# decisions and lines, for 10 000 of them, and with a hundred times as many.
set -eu
cd "$(dirname "$0")/../.."
build=${LAB_BUILD:-build/release}

"$build/tests/bench/prober_bench" 10000 4 3
"$build/tests/bench/prober_bench" 10000 20 3
"$build/tests/bench/prober_bench" 1000000 4 1

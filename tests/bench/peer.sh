#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Asks and answers a second through lib/peer, between two processes.
set -eu
cd "$(dirname "$0")/../.."
build=${LAB_BUILD:-build/release}

"$build/tests/bench/peer_bench" 1000000 1000
"$build/tests/bench/peer_bench" 100000 1

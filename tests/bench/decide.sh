#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Decisions a second of the pure core.

set -eu
build=${LAB_BUILD:-build/release}
"$build/tests/bench/decide_bench" "${1:-1}"

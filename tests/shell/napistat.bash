# SPDX-License-Identifier: GPL-2.0
# Shared by the tests of napistat: what its CSV and its verdict say.
# shellcheck shell=bash

# build: the programs that both files of tests run
build() {
	cd "$BATS_TEST_DIRNAME/../.."
	make -s -C tools/napistat all sanitized
	make -s -C tools/napimeter
	make -s -C tests/statistics
}

refute() { if "$@"; then return 1; fi; }

# value COLUMN KEY=VALUE…: that column of the CSV on stdin, where all keys match
value() {
	python3 -c '
import csv, sys
want = dict(a.split("=", 1) for a in sys.argv[2:])
for row in csv.DictReader(sys.stdin):
    if all(row[k] == v for k, v in want.items()):
        print(row[sys.argv[1]])' "$@"
}

# field NAME: of the verdict line on stdin
field() { sed -n "s/^verdict.* $1=\([^ ]*\).*/\1/p"; }

#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0
# The series applies exactly or not at all, and goes through edit and save unchanged.

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	kver=$(lab/image.sh --show-kver)
	tmp=$(mktemp -d)
	# A separate project, so that patches and build/edit of this tree are not used
	mkdir "$tmp/p" "$tmp/ksrc"
	cp -R Kbuild dev e1000_napi patches scripts "$tmp/p/"
	local from
	from=$(dev/prepare.sh --show-tree --ksrc "$(ls /usr/src/linux-source-*.tar.xz)")
	cp -R "$from/." "$tmp/ksrc/"
	main=$tmp/ksrc/drivers/net/ethernet/intel/e1000/e1000_main.c
}

teardown() { rm -rf "$tmp"; }

prepare() { "$tmp/p/dev/prepare.sh" --kver "$kver" --ksrc "$tmp/ksrc" --out "$tmp/out"; }

@test "the series applies, and a second run changes nothing" {
	prepare
	touch -d '2020-01-01' "$tmp/out/e1000_main.c"
	prepare
	[ "$(stat -c %Y "$tmp/out/e1000_main.c")" = "$(date -d 2020-01-01 +%s)" ]
}

@test "a hunk whose context changed stops it, and is named with patch and kernel" {
	sed -i 's/^	tx_clean_complete = e1000_clean_tx_irq.*/	tx_clean_complete = other();/' "$main"
	run prepare
	[ "$status" -eq 1 ]
	[[ $output == *"0004-"*"does not apply to e1000 of Linux"*"hunk"*"of e1000_main.c"*"nothing was built"* ]]
	[ ! -e "$tmp/out/e1000_main.c" ]
}

@test "a hunk that would apply in another function stops it" {
	# The lines that patch 6 goes before, once more and earlier
	awk '/^static void e1000_remove/ { print "static void elsewhere(void)\n{\n\tx();\n\n\te1000_down_and_stop(adapter);\n}\n" }
		/^	e1000_down_and_stop\(adapter\);/ && n++ { sub(/adapter/, "adapter, 1") }
		{ print }' "$main" >"$tmp/new"
	mv "$tmp/new" "$main"
	run prepare
	[ "$status" -eq 1 ]
	[[ $output == *"0006-"*"a hunk is not where it should be"* ]]
	[ ! -e "$tmp/out/e1000_main.c" ]
}

@test "edit and save give the same patches back, except for the line numbers of another kernel" {
	cp -R "$tmp/p/patches" "$tmp/before"
	for n in 1 2; do
		"$tmp/p/dev/patches.sh" edit "$kver"
		"$tmp/p/dev/patches.sh" save
		rm -rf "$tmp/p/build"
		cp -R "$tmp/p/patches" "$tmp/saved$n"
	done
	diff -r "$tmp/saved1" "$tmp/saved2"
	sed -i 's/^@@ -[0-9]*\(,*[0-9]*\) +[0-9]*/@@ -N\1 +N/' "$tmp"/before/*.patch "$tmp"/saved1/*.patch
	diff -r "$tmp/before" "$tmp/saved1"
}

@test "save without edit, and edit twice, say what to do" {
	run "$tmp/p/dev/patches.sh" save
	[ "$status" -eq 1 ]
	[[ $output == *"begin with: dev/patches.sh edit"* ]]
	mkdir -p "$tmp/p/build/edit"
	run "$tmp/p/dev/patches.sh" edit "$kver"
	[ "$status" -eq 1 ]
	[[ $output == *"save it or remove it first"* ]]
}

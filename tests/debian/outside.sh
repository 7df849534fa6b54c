#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Beside the guest, in the namespace of 10.0.0.1: the ssh session that distro.sh asks for.
set -eu

share=$1
while [ ! -e "$share/ssh-go" ]; do
	sleep 1
done
ssh -i "$share/../key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
	-o BatchMode=yes -o ConnectTimeout=30 root@10.0.0.2 sh /share/over-ssh.sh >"$share/ssh-out" 2>&1 || :
: >"$share/ssh-done"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A sweep on a stand-in for VMware, which is proprietary: QEMU with VMware's NIC model
# (82545EM), its backdoor port and its names in DMI.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
# shellcheck source=lab/hypervisors/nested.sh
. "$here/nested.sh"
# shellcheck source=lab/hypervisors/direct.sh
. "$here/direct.sh"
lab=vmware kind=kvm title='a stand-in for VMware (QEMU with its NIC model and names)'
nic=e1000-82545em
host_is='the stand-in for VMware (QEMU); half a minute to the guest'

nested_main "$@"

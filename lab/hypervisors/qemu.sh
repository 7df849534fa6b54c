#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A sweep on QEMU's own e1000, in the way of the Xen and VirtualBox labs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/lib/common.sh"
# shellcheck source=lab/hypervisors/nested.sh
. "$here/nested.sh"
# shellcheck source=lab/hypervisors/direct.sh
. "$here/direct.sh"
lab=qemu kind=kvm title=QEMU nic=e1000
host_is='QEMU; half a minute to the guest'

nested_main "$@"

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-guest.sh DIR: what a QEMU guest boots from, out of Debian packages that are unpacked and never
# installed: DIR/guest/vmlinuz, modules/*.ko for its network, busybox. Does nothing, and needs no
# network, where it is there already. Prints nothing unless it fails.
set -eu
dir=${1%/}
here=$(cd "$(dirname "$0")" && pwd)
[ -d "$dir/guest" ] && exit 0

# The meta package names today's kernel.
kernel=$(apt-cache depends linux-image-amd64 2>/dev/null |
	sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*-amd64\)$/\1/p' | head -n 1)
if [ -z "$kernel" ]; then
	echo "fetch-guest: apt knows no linux-image-amd64 (apt-get update?)" >&2
	exit 1
fi

work=$dir/guest.work
rm -rf "$work"
mkdir -p "$work/guest/modules"
"$here/fetch-peers.sh" "$work" "$kernel" busybox-static
mv "$work/$kernel"/boot/vmlinuz-* "$work/guest/vmlinuz"
mv "$work/busybox-static/bin/busybox" "$work/guest/busybox"
for module in virtio virtio_ring virtio_pci virtio_pci_modern_dev virtio_pci_legacy_dev failover \
	net_failover virtio_net; do
	find "$work/$kernel/lib/modules" -name "$module.ko" -exec mv {} "$work/guest/modules" \;
done
mv "$work/guest" "$dir/guest"
rm -rf "$work"

#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-guest.sh DIR: what a QEMU guest boots from, out of Debian packages that are unpacked and never
# installed: DIR/guest/vmlinuz, modules/*.ko for its network, busybox, in headers what a module of
# ours is built with, and in systemd that program with all it needs. Does nothing, and needs no network, where it is there already. Prints nothing
# unless it fails.
set -eu
dir=${1%/}
here=$(cd "$(dirname "$0")" && pwd)
[ -d "$dir/guest/systemd" ] && exit 0

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
headers=$(echo "$kernel" | sed 's/^linux-image-/linux-headers-/')
common=${headers%-amd64}-common
kbuild=$(echo "$kernel" | sed 's/^linux-image-\([0-9]*\.[0-9]*\).*/linux-kbuild-\1/')
touch "$work/nothing"
systemd=$(apt-get -s -o Dir::State::status="$work/nothing" --no-install-recommends install systemd |
	sed -n 's/^Inst \([^ ]*\).*/\1/p')
"$here/fetch-peers.sh" "$work" $systemd "$kernel" busybox-static "$headers" "$common" "$kbuild"
mv "$work/$kernel"/boot/vmlinuz-* "$work/guest/vmlinuz"
mv "$work/busybox-static/bin/busybox" "$work/guest/busybox"
for module in virtio virtio_ring virtio_pci virtio_pci_modern_dev virtio_pci_legacy_dev failover \
	net_failover virtio_net e1000e; do
	find "$work/$kernel/lib/modules" -name "$module.ko" -exec mv {} "$work/guest/modules" \;
done
mv "$work/$headers/usr" "$work/guest/headers"
mv "$work/$common/usr/src/$common" "$work/guest/headers/src"
mkdir -p "$work/guest/headers/lib"
mv "$work/$kbuild/usr/lib/$kbuild" "$work/guest/headers/lib"
mkdir "$work/guest/systemd"
for package in $systemd; do
	rm -rf "$work/$package/usr/share" "$work/$package/usr/lib/udev" "$work/$package/lib/udev"
	cp -a "$work/$package/." "$work/guest/systemd"
done
# Installed it would be below /usr.
sed -i "s|/usr/src|$dir/guest/headers/src|" "$work/guest/headers/src/$headers/Makefile"
rm -rf "$dir/guest"
mv "$work/guest" "$dir/guest"
rm -rf "$work"

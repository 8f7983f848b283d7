#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fetch-peers.sh DIR [PACKAGE...]: unpacks other programs (the peers of the tests, or these packages)
# from Debian packages side by side under DIR. They are never installed: that would displace the
# host's own time daemon. Does nothing, and needs no network, where they are there already. Prints
# nothing unless it fails.
set -eu
dir=$1
shift
[ $# -gt 0 ] || set -- chrony smcroute openssh-server libwrap0
mkdir -p "$dir"
cd "$dir"

download() {
	# The lists of the system first; without them our own, which needs no root.
	apt-get download -qq "$1" >/dev/null 2>&1 && return
	mkdir -p apt/lists/partial apt/cache/archives/partial
	apt-get -qq -o Dir::State::lists="$PWD/apt/lists" -o Dir::Cache="$PWD/apt/cache" \
		-o APT::Sandbox::User=root update >/dev/null
	apt-get -qq -o Dir::State::lists="$PWD/apt/lists" -o Dir::Cache="$PWD/apt/cache" \
		-o APT::Sandbox::User=root download "$1" >/dev/null
}

for package; do
	[ -d "$package" ] && continue
	rm -f "$package"_*.deb
	download "$package"
	rm -rf "$package.new"
	dpkg -x "$package"_*.deb "$package.new"
	mv "$package.new" "$package"
	rm -rf "$package"_*.deb apt
done

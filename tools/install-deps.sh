#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# install-deps.sh build|demo|check|vm|fuzz ...: sees that the Debian packages for that are there.
# Nothing missing: says nothing, touches nothing, needs no network. Missing: root installs them;
# anybody else gets the line to type, and status 2. --ask never installs.
set -eu

build="gcc libc6-dev meson ninja-build pkgconf nettle-dev libjansson-dev libpcre2-dev libseccomp-dev
libcap-ng-dev libedit-dev libcmocka-dev"
demo="python3 iproute2 util-linux"
check="clang clang-tidy clang-format llvm libclang-rt-14-dev tshark mandoc libyang-tools binutils
openssh-client python3-netmiko"
try="tshark"
vm="qemu-system-x86"
fuzz="clang llvm libclang-rt-14-dev"

ask=no
want=
for what in "$@"; do
	case $what in
	--ask) ask=yes ;;
	build) want="$want $build" ;;
	demo) want="$want $build $demo" ;;
	try) want="$want $build $demo $try" ;;
	check) want="$want $build $demo $check" ;;
	vm) want="$want $vm" ;;
	fuzz) want="$want $build $fuzz" ;;
	*)
		echo "usage: install-deps.sh [--ask] build|demo|try|check|vm|fuzz ..." >&2
		exit 1
		;;
	esac
done

if ! command -v dpkg-query >/dev/null; then
	echo "install-deps: not a Debian system; these packages, or their like, are needed:" $want >&2
	exit 0
fi

missing=
for package in $want; do
	case " $missing " in *" $package "*) continue ;; esac
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$ask" = yes ] || [ "$(id -u)" -ne 0 ]; then
	echo "apt-get install$missing"
	exit 2
fi

echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing; } \
	>"$log" 2>&1 </dev/null; then
	cat "$log" >&2
	exit 1
fi

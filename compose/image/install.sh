#!/bin/bash
# install.sh - the Debian packages of one of tools/dev/packages.sh's lists, and others by name, into an image
#
#     install.sh [@LIST]... [PACKAGE]...      @compile: packages_compile
set -euo pipefail

# shellcheck source=tools/dev/packages.sh
source "$(dirname "$0")/packages.sh"

wanted=()
for name in "$@"; do
	if [ "${name#@}" != "$name" ]; then
		declare -n list=packages_${name#@}
		wanted+=("${list[@]%%=*}")
	else
		wanted+=("$name")
	fi
done
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"
rm -rf /var/lib/apt/lists/*

#!/bin/bash
# icu.sh - ICU's data library with what libmongoc asks of it, and no more
#
#     icu.sh FOLDER      makes FOLDER/usr/lib/TRIPLET/libicudata.so.VERSION
#
# libmongoc prepares passwords by SASLprep (RFC 4013), for which it needs ICU, whose data library has 31 MB: locales,
# collations, calendars. SASLprep reads two of its items, the profile and NFKC; a library of these has 75 kB.
# tests/compose logs in to MongoDB with a password that SASLprep changes.
set -euo pipefail

items=(nfkc.nrm rfc4013.spp)
library=$(ldconfig -p | awk '/libicudata\.so\.[0-9]+ / { print $NF; exit }')
version=${library##*.}
package=icudt${version}l.dat # l: little-endian, which amd64 and arm64 are
target=$1${library%/*}/libicudata.so.$version
target=${target/#$1\/lib\//$1/usr/lib/}
work=$(mktemp -d)
cd "$work"

# The library is one constant: an ICU package.
objcopy -O binary -j .rodata "$library" "$package"
mkdir items small
for item in "${items[@]}"; do
	icupkg -x "$item" -d items "$package"
done
printf '%s\n' "${items[@]}" >items.txt
icupkg -tl -a items.txt -s items new "small/$package"
genccode -a gcc -e "icudt$version" "small/$package"
mkdir -p "${target%/*}"
gcc -shared -nostdlib -Wl,-z,noexecstack -Wl,-soname,"libicudata.so.$version" -o "$target" "icudt${version}l_dat.S"
strip "$target"
rm -rf "$work"

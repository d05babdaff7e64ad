#!/bin/sh
# assemble - the page as it is served, in one folder: its own files, with Leaflet and uqr from npm
#
#     assemble.sh SOURCE STAMP      makes the folder page/ beside STAMP
#
# npm is asked only when package-lock.json has changed. Integrity is npm's to check, by the hashes in that file.
set -eu

source=$1
build=$(dirname "$2")
npm=$build/npm
page=$build/page

if ! cmp -s "$source/package-lock.json" "$npm/installed-lock.json"; then
	rm -rf "$npm"
	mkdir -p "$npm"
	cp "$source/package.json" "$source/package-lock.json" "$npm/"
	npm --prefix "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cp "$source/package-lock.json" "$npm/installed-lock.json"
fi

rm -rf "$page.new"
mkdir -p "$page.new/vendor/leaflet" "$page.new/vendor/uqr"
cp -R "$source/index.html" "$source/css" "$source/icons" "$source/js" "$page.new/"
cp -R "$npm/node_modules/leaflet/LICENSE" "$npm/node_modules/leaflet/dist/leaflet.css" \
	"$npm/node_modules/leaflet/dist/images" "$page.new/vendor/leaflet/"
# Without the line that names a source map: it is not served.
grep -v '^//# sourceMappingURL=' "$npm/node_modules/leaflet/dist/leaflet.js" >"$page.new/vendor/leaflet/leaflet.js"
cp "$npm/node_modules/uqr/LICENSE" "$page.new/vendor/uqr/"
cp "$npm/node_modules/uqr/dist/index.mjs" "$page.new/vendor/uqr/uqr.js"

rm -rf "$page"
mv "$page.new" "$page"
touch "$2"

#!/bin/sh
# seed.sh - pets with a past, and then what a person wants to know
set -eu

/usr/bin/pettrack seed
printf '\n  Page      %s\n  E-mail    %s\n  Password  docker-compose run --rm secrets password\n\n' "$PAGE" "$PETTRACK_EMAIL"

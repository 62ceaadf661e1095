#!/bin/sh
# Makes cgroups of version 1, sets their limits, and becomes a command in them.
#   limited.sh LIMITS FOLDER... -- COMMAND...
# LIMITS holds lines of "FILE VALUE".
set -eu
limits=$1
shift
folders=
until [ "$1" = -- ]; do
  folders="$folders $1"
  shift
done
shift
# shellcheck disable=SC2086 # The folders' names hold no spaces.
mkdir $folders
while read -r file value; do echo "$value" >"$file"; done <"$limits"
for folder in $folders; do echo $$ >"$folder/cgroup.procs"; done
exec "$@"

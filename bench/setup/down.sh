#!/usr/bin/env bash
# Stops the services that the set-up itself started, newest first, and nothing else. A second call finds nothing to do.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$SETUP/services.sh"

if [ ! -s "$RECORD" ]; then
  say 'nothing to stop: the set-up has started no service'
  exit 0
fi
require_root 'it stops system services'
take_lock

kept=()
while read -r line; do
  read -r _ _ service _ <<<"$line"
  if busy "$service"; then
    warn "$service stays: containers or guests are running in it"
    kept=("$line" "${kept[@]}")
  elif ! stop_recorded "$line"; then
    warn "$service did not stop within 30 s"
    kept=("$line" "${kept[@]}")
  fi
done < <(tac "$RECORD")

if [ ${#kept[@]} = 0 ]; then
  rm -f "$RECORD"
  say 'everything that the set-up started is stopped'
else
  printf '%s\n' "${kept[@]}" >"$RECORD"
  exit "$UNAVAILABLE"
fi

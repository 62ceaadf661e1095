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
stop_all_recorded || exit "$UNAVAILABLE"
say 'everything that the set-up started is stopped'

# shellcheck shell=bash disable=SC2034
# What every script of the set-up shares. Sourced, never run.

export LC_ALL=C
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

SETUP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$SETUP/../.." && pwd)
# Where the record of started services, their logs and the lock are.
STATE=${TARE_STATE:-/var/lib/tare}
# 1: a missing runner is a failure (tests, CI) rather than a warning.
REQUIRE_ALL=${TARE_REQUIRE_ALL:-0}

# The same meaning as tare's own exit codes.
readonly UNSUPPORTED=3 UNAVAILABLE=4

say() { printf '%s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }

# fail CODE MESSAGE HINT
fail() {
  printf 'error: %s\n  hint: %s\n' "$2" "$3" >&2
  exit "$1"
}

have() { command -v "$1" >/dev/null 2>&1 || [ -e "$1" ]; }

# Says that something optional is not to be had: a warning, or the end where everything is required.
miss() {
  if [ "$REQUIRE_ALL" = 1 ]; then fail "$UNAVAILABLE" "$1" "$2"; fi
  warn "$1; $2"
}

systemd_runs() { [ -d /run/systemd/system ]; }

require_root() {
  if [ "$(id -u)" != 0 ]; then
    fail "$UNAVAILABLE" 'this needs root' "$1; run it with sudo"
  fi
}

require_x86_64() {
  if [ "$(uname -m)" != x86_64 ]; then
    fail "$UNSUPPORTED" "this machine is $(uname -m)" 'tare runs on x86-64 Linux only'
  fi
}

# One set-up at a time; the second waits for the first.
take_lock() {
  mkdir -p "$STATE/log"
  exec 9>"$STATE/setup.lock"
  if ! flock --nonblock 9; then
    say 'another set-up is running; waiting for it'
    flock 9
  fi
}

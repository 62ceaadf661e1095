#!/bin/sh
# Leaves a command running, and says which process it is.
#   supervise.sh PIDFILE COMMAND...
set -eu
pid_file=$1
shift
"$@" &
echo $! >"$pid_file"

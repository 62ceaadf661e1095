#!/usr/bin/env bash
# What is tried in the rig: a host with systemd, cgroup v2 and /dev/kvm. Every step's output and exit code are left in the
# results folder, for the tests outside to judge; the console gets each step's name, time and, where it failed, its last lines.
set -u
export CI=true NO_COLOR=1 TARE_REQUIRE_ALL=1
# Emulated, reading and compiling the same sources takes ten seconds each time.
export NODE_COMPILE_CACHE=/var/tmp/node-cache
export NODE_OPTIONS='--require /srv/rig/project/test/kvm/no-compilers.cjs'
results=/srv/rig/results
cd /srv/rig/project || exit 1
what=$(cat /srv/rig/what)
matches=()
whole=()
# Every other container, as such a host starts it, and the one machine that only KVM runs.
OTHERS=native,namespace,lxc,lxc-system,crun,nspawn,gvisor,qemu
# What takes minutes before its first start.
FURTHER=podman,runc-in-kvm
# A guest of an emulated host takes a minute or two where that host has other things to do.
SMOKE=(--profile smoke --set startTimeout=10m)

# step NAME COMMAND...
step() {
  local name=$1 begun=$SECONDS code
  shift
  echo "== $name"
  # A suite's results are shown as they come.
  "$@" 2>"$results/$name.err" </dev/null | tee "$results/$name.out" | grep --line-buffered -E '^(not )?ok ' |
    while IFS= read -r line; do echo "$line ($((SECONDS - begun)) s)"; done
  code=${PIPESTATUS[0]}
  echo "$code" >"$results/$name.exit"
  echo "$name $((SECONDS - begun)) s" >>"$results/times"
  if [ "$code" = 0 ]; then
    echo "== $name: ok after $((SECONDS - begun)) s"
  else
    echo "== $name: exit code $code after $((SECONDS - begun)) s"
    tail -n 5 "$results/$name.out" "$results/$name.err" | cut -c 1-300
  fi
}

tare() { bench/setup/with-node node bench/main.ts "$@"; }
tap() { bench/setup/with-node ava --tap "$@"; }
integration() { tap --config test/ava.integration.config.mjs "$@"; }
states() { systemctl show --property=Id,ActiveState docker.service containerd.service libvirtd.service libvirtd.socket; }

# Every stop that somebody asked systemd for. Debian's libvirtd ends by itself when idle, and its socket starts it again.
stops() { journalctl --sync && journalctl --since="@$prepared" --output=cat _PID=1 | grep '^Stopping '; }

facts() {
  uname --kernel-release
  stat --file-system --format='cgroup %T' /sys/fs/cgroup
  printf 'init %s\n' "$(cat /proc/1/comm)"
  grep -ow -m 1 svm /proc/cpuinfo
  ls -l /dev/kvm
  cut -d ' ' -f 1 /proc/modules | grep '^kvm'
}

# docker was never started, libvirtd runs already: the set-up may start the one and must leave the other alone.
prepare_services() {
  systemctl stop docker.service docker.socket containerd.service
  systemctl start libvirtd.service
}

with_module() { modprobe kvm_amd && udevadm settle && test -c /dev/kvm; }

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups bench/setup/with-node node bench/main.ts doctor --json; }

in_container() {
  docker run --rm --network none --env NODE_OPTIONS --volume /usr:/usr:ro --volume /srv/rig:/srv/rig:ro --workdir /srv/rig/project \
    "$(docker image ls --quiet tare | head -n 1)" /srv/rig/bin/node bench/main.ts doctor --json
}

step facts facts
step services prepare_services
prepared=$(date +%s)
step before states
step set-up bench/setup/setup.sh run
step while-up states
step doctor tare doctor --json
if [ "$what" = full ]; then
  rules=('a start gives*' 'what was asked for*' 'the limits hold*' 'a program that is run inside*' 'stop ends*' 'a sweep takes*')
  for rule in "${rules[@]}"; do
    matches+=(--match="*: $rule")
    whole+=(--match="kvm: $rule" --match="runc-in-kvm: $rule")
  done
  for id in runc docker kvm-direct; do matches+=(--match="$id: *"); done
  # Compressing what is shipped takes minutes for each runner here, and no host like this one counts bytes otherwise: no disk.
  step run tare run "${SMOKE[@]}" --accel kvm --budget 4h --out "$results/runs" --experiments startup,throughput,density \
    --set 'throughput.workloads=[redis,fio]' --set throughput.operationTime=20ms
  step others tare run "${SMOKE[@]}" --accel kvm --runners "$OTHERS,$FURTHER" --experiments startup --out "$results/other-runs" \
    --set options.qemu.machine=microvm
  step conformance-kvm tap --config test/ava.slow.config.mjs test/slow/conformance.test.ts "${whole[@]}"
  step conformance integration test/integration/conformance.test.ts "${matches[@]}"
else
  # A rule takes a guest a minute here, an engine half of one, and runc a few seconds: those that find other answers on such a host
  # than elsewhere, and that the runs below do not hold them to.
  for id in runc crun kvm-direct; do matches+=(--match="$id: a sweep takes*"); done
  for id in runc crun; do matches+=(--match="$id: the limits hold*"); done
  for id in runc namespace lxc; do matches+=(--match="$id: a program that is run inside*"); done
  rules=('a start gives*' 'what was asked for*' 'an instance that is to have*' 'stop ends*' 'an entry that ends at once*'
    'an interrupted start*')
  for rule in "${rules[@]}"; do matches+=(--match="runc: $rule"); done
  step conformance integration test/integration/conformance.test.ts "${matches[@]}"
  # Further guests take minutes here: their ramp is left to the long run. A nested guest serves a hundred requests a second: a tenth
  # of what such a profile asks for.
  step run tare run "${SMOKE[@]}" --accel kvm --runners native,runc,docker,kvm-direct --out "$results/runs" \
    --experiments startup,throughput --set 'throughput.workloads=[redis]' --set throughput.operationTime=20ms
  step others tare run "${SMOKE[@]}" --accel kvm --runners "$OTHERS" --experiments startup --out "$results/other-runs" \
    --set options.qemu.machine=microvm
  step density tare run "${SMOKE[@]}" --runners native,runc --experiments density --json --out "$results/density-runs"
fi
# What only looks is tried side by side.
step as-nobody as_nobody &
step in-container in_container &
wait
step no-module modprobe --remove kvm_amd
step without-module tare doctor --json &
step auto-without-kvm tare run --dry-run --json -r kvm-direct &
wait
step forced-kvm tare run --accel kvm -r kvm-direct -p smoke -e startup -o "$results/refused"
step with-module with_module
step leftovers integration test/integration/zz-sweep.test.ts
step down bench/setup/down.sh
step after states
step stops stops
sync
echo '== end'

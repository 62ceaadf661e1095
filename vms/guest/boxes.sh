#!/bin/sh
# What is done inside a guest for the containers in it. Called by the host through the guest's agent; one word says what.
set -eu
image=/srv/image
boxes=/srv/boxes
state=/run/tare/runc
bridge=tare0
# Stand in a configuration for the numbers of the port's device, which only the guest knows.
major_placeholder=4294967290
minor_placeholder=4294967291

port() { printf '/dev/virtio-ports/tare.box%s' "$1"; }
# The numbers of a slot's device: of no other port, since a container may make nodes of its own.
major() { printf '%d' "0x$(stat --dereference --format=%t "$(port "$1")")"; }
minor() { printf '%d' "0x$(stat --dereference --format=%T "$(port "$1")")"; }
pid_of() { runc --root "$state" state "$1" | sed -n 's/^ *"pid": \([0-9]*\),*$/\1/p'; }
cgroup_of() { printf '/sys/fs/cgroup%s' "$(sed -n 's/^0:://p' "/proc/$1/cgroup")"; }
empty() { ! grep -q . "$1/cgroup.procs" 2>/dev/null; }

# The image's tree.
mount_tree() {
  mkdir -p "$image" "$boxes" "$state"
  mount -t ext4 -o ro "$(readlink -f /dev/disk/by-id/virtio-tare-tree)" "$image"
}

# A bridge around the guest's own interface: network ADDRESS/BITS
network() {
  ip link add name "$bridge" type bridge stp_state 0 forward_delay 0
  ip address flush dev eth0
  ip link set eth0 master "$bridge"
  ip address add "$1" dev "$bridge"
  ip link set "$bridge" up
}

# Docker's image of the tree, on the disk when this returns.
docker_import() {
  rm -f /run/tare/short
  { tar --directory="$image" --create . || : >/run/tare/short; } | docker import - tare:box
  [ ! -e /run/tare/short ]
  umount "$image"
  sync
}

# Docker's network on that bridge: docker-network SUBNET ADDRESS
docker_network() {
  docker network create --driver bridge --internal --subnet "$1" --gateway "$2" \
    --opt com.docker.network.bridge.name="$bridge" tare
}

# start NAME SLOT MAC ADDRESS/BITS|-, with the OCI configuration on standard input
start() {
  box=$boxes/$1
  mkdir -p "$box/upper" "$box/work" "$box/rootfs"
  sed "s/$major_placeholder/$(major "$2")/; s/$minor_placeholder/$(minor "$2")/" >"$box/config.json"
  mount -t overlay overlay -o "lowerdir=$image,upperdir=$box/upper,workdir=$box/work" "$box/rootfs"
  ip netns add "$1"
  ip -netns "$1" link set lo up
  if [ "$4" != - ]; then
    ip link add name "box$2" type veth peer name eth0 address "$3" netns "$1"
    ip link set "box$2" master "$bridge" up
    ip -netns "$1" address add "$4" dev eth0
    ip -netns "$1" link set eth0 up
  fi
  runc --root "$state" --systemd-cgroup run --detach --bundle "$box" "$1" </dev/null >"$box/output" 2>&1 ||
    { tail -c 2000 "$box/output" >&2; return 1; }
}

# docker-start NAME SLOT CPUS BYTES MAC ADDRESS|- ENTRYPOINT ARGV...
docker_start() {
  name=$1 device=$(readlink -f "$(port "$2")") rule="c $(major "$2"):$(minor "$2") rw" cpus=$3 bytes=$4 mac=$5
  address=$6 entry=$7
  shift 7
  if [ "$address" = - ]; then
    set -- --network none --entrypoint "$entry" tare:box "$@"
  else
    # An address has one hardware address, whoever has it: the host remembers the last one for seconds.
    set -- --network tare --ip "$address" --mac-address "$mac" --entrypoint "$entry" tare:box "$@"
  fi
  # Bound to the file that the tree has there: a node made with --device gives way to a file that exists, without a word.
  docker run --detach --name "$name" --pull never \
    --mount "type=bind,source=$device,target=/tare/marks" --device-cgroup-rule "$rule" \
    --cpuset-cpus "$cpus" --memory "$bytes" --memory-swap "$bytes" "$@"
}

# Prints what a box is limited to: describe PID
describe() {
  cgroup=$(cgroup_of "$1")
  echo "cpus $(cat "$cgroup/cpuset.cpus.effective" 2>/dev/null || cat /sys/fs/cgroup/cpuset.cpus.effective)"
  while [ "$cgroup" != /sys/fs/cgroup ] && [ "$(cat "$cgroup/memory.max")" = max ]; do cgroup=${cgroup%/*}; done
  echo "memory $(cat "$cgroup/memory.max" 2>/dev/null || echo max)"
  echo "swap $(cat "$cgroup/memory.swap.max" 2>/dev/null || echo max)"
  sed -n 's/^Seccomp:/seccomp/p; s/^CapEff:/capabilities/p' "/proc/$1/status"
  echo "apparmor $(cat "/proc/$1/attr/current" 2>/dev/null || echo unconfined)"
}

# Bytes that these folders' own file system has allocated to them.
allocated() { du --summarize --total --one-file-system --block-size=1 "$@" | tail -n 1; }

# The container's writable layer with what belongs to it, and its records.
docker_allocated() {
  docker inspect --format '{{.GraphDriver.Data.UpperDir}} {{.Id}}' "$1" | {
    read -r upper id
    allocated "${upper%/diff}" "${upper%/diff}-init" "/var/lib/docker/containers/$id"
  }
}

# Hundredths of a second since the boot.
now() { read -r up _ </proc/uptime && printf '%d' "${up%.*}${up#*.}"; }

# Asks for an end and waits for it, MS at most; 3: still there. end PID NAME MS COMMAND...
end() {
  # An entry that has ended has taken the others of its container with it.
  [ -e "/proc/$1/cgroup" ] || return 0
  cgroup=$(cgroup_of "$1")
  deadline=$(($(now) + $3 / 10))
  shift 3
  # A client that waits itself, as Docker's does, must not hide the deadline.
  "$@" >/dev/null 2>&1 &
  until empty "$cgroup"; do
    [ "$(now)" -lt "$deadline" ] || return 3
    sleep 0.01
  done
}

# Ends what was started with this variable in its environment.
end_marked() {
  for environment in /proc/[0-9]*/environ; do
    grep --quiet --null-data --line-regexp --fixed-strings "$1" "$environment" 2>/dev/null || continue
    process=${environment%/environ}
    kill -9 "${process#/proc/}" 2>/dev/null || :
  done
}

# What is gone is fine.
remove() {
  runc --root "$state" delete --force "$1" 2>/dev/null || :
  ip netns delete "$1" 2>/dev/null || :
  umount "$boxes/$1/rootfs" 2>/dev/null || :
  rm --recursive --force --one-file-system -- "$boxes/${1:?}"
}

what=$1
shift
case $what in
mount) mount_tree ;;
network) network "$1" ;;
docker-import) docker_import ;;
docker-network) docker_network "$1" "$2" ;;
runc-start) start "$@" ;;
runc-exec) exec runc --root "$state" exec "$@" ;;
runc-pid) pid_of "$1" ;;
runc-stop) end "$1" "$2" "$3" runc --root "$state" kill "$2" TERM ;;
runc-kill) end "$1" "$2" "$3" runc --root "$state" kill --all "$2" KILL ;;
runc-allocated) allocated "$boxes/$1" ;;
runc-remove) remove "$1" ;;
docker-start) docker_start "$@" ;;
docker-exec) exec docker exec "$@" ;;
docker-pid) docker inspect --format '{{.State.Pid}}' "$1" ;;
docker-stop) end "$1" "$2" "$3" docker stop --time "$(($3 / 1000 + 5))" "$2" ;;
docker-kill) end "$1" "$2" "$3" docker kill "$2" ;;
docker-allocated) docker_allocated "$1" ;;
docker-remove) docker rm --force --volumes "$1" >/dev/null 2>&1 || : ;;
describe) describe "$1" ;;
end-marked) end_marked "$1" ;;
*) echo "boxes: nothing is called $what" >&2; exit 2 ;;
esac

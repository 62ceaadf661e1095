#!/bin/sh
# A container, said plainly: a process that sees a file tree, processes and a network of its own, and may do less than root.
#   limits... nsenter --net=NETNS unshare --mount --uts --ipc --pid [--cgroup] sh container.sh FOLDER PROFILE COMMAND...
# FOLDER holds settings ("FILE VALUE" lines), fstab, rootfs, and born, a FIFO. PROFILE is AppArmor's, or unconfined.
set -eu
umask 022
cd "$1"
profile=$2
shift 2

# The first process that is forked here is process 1 of the new PID namespace. Its pid is what the host's /proc says.
(
  read -r pid _ </proc/self/stat
  while read -r file value; do echo "$value" >"$file"; done <settings
  mount --all --fstab fstab
  cp --recursive --preserve=mode \
    /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fd /dev/stdin /dev/stdout /dev/stderr rootfs/dev
  ln --symbolic pts/ptmx rootfs/dev/ptmx
  cd rootfs
  pivot_root . mnt
  umount --lazy mnt
  [ "$profile" = unconfined ] || echo "exec $profile" >/proc/self/attr/exec
  echo "$pid" >&3
  exec "$@" 3>&-
) 3>born &

# Until it becomes the command; nothing comes where it fails.
read -r pid <born
echo "$pid" >pid

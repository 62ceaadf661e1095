/**
 * What is said to bwrap. Nothing here starts anything.
 */
import { existsSync, statSync } from 'node:fs';
import { DEFAULT_CAPABILITIES, INSIDE, MASKED_PATHS, READONLY_PATHS } from 'tare/runner';

/** What Docker takes from /proc and /sys: bwrap leaves root the settings of the kernel. */
function covered() {
  const masks = MASKED_PATHS.filter((path) => existsSync(path)).flatMap((path) =>
    statSync(path).isDirectory() ? ['--tmpfs', path, '--remount-ro', path] : ['--ro-bind', '/dev/null', path],
  );
  return [...READONLY_PATHS.flatMap((path) => ['--ro-bind-try', path, path]), ...masks];
}

/**
 * @typedef {object} Box
 * @property {string} rootfs The mounted overlay.
 * @property {string} netns Name of the network namespace that was made for it.
 * @property {Readonly<Record<string, string>>} environment
 */

/**
 * bwrap with everything that the entry point and later programs have in common. `ip netns exec` enters the network, and gives
 * bwrap a /sys that shows this network instead of the host's.
 * @param {Box} box
 * @param {readonly string[]} own options of the one that is started.
 * @param {readonly string[]} argv what runs inside.
 * @returns {readonly string[]}
 */
function confined({ rootfs, netns, environment }, own, argv) {
  return [
    ...['ip', 'netns', 'exec', netns, 'bwrap'],
    ...['--bind', rootfs, '/', '--dev', '/dev', '--mqueue', '/dev/mqueue'],
    ...['--proc', '/proc', '--ro-bind', '/sys', '/sys', ...covered()],
    ...['--cap-drop', 'ALL', ...DEFAULT_CAPABILITIES.flatMap((name) => ['--cap-add', name])],
    ...['--clearenv', ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value])],
    ...['--chdir', '/', ...own, '--', ...argv],
  ];
}

/** Leaves bwrap in the background, and ends when that has said on file descriptor 3 that process 1 is there: `{"child-pid": …}`. */
const START = [
  'set -e; file=$1; shift; exec 4>&1',
  'info=$(setsid --fork "$@" 3>&1 >&4 4>&-)',
  '[ -n "$info" ]; echo "$info" >"$file"',
].join('\n');

/**
 * The entry point as process 1 of a new box.
 * @param {Box & { name: string, marks: string, commands: string, info: string, newSession: boolean }} box
 * @param {readonly string[]} argv
 */
export function entryArgv(box, argv) {
  const own = [
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup', '--hostname', box.name],
    ...['--bind', box.marks, INSIDE.marks, '--bind', box.commands, INSIDE.commands],
    ...['--as-pid-1', ...(box.newSession ? ['--new-session'] : []), '--info-fd', '3'],
  ];
  return ['sh', '-c', START, 'start', box.info, ...confined(box, own, argv)];
}

/**
 * Joins the cgroups in $2 and what follows, up to `--`. Only a child can enter a namespace of processes, here that of process $1:
 * bwrap makes one by file descriptor 3.
 */
const JOIN = [
  'set -e; exec 3<"/proc/$1/ns/pid"; shift',
  'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done',
  'shift; exec "$@"',
].join('\n');

/**
 * A program in a box that runs: in its cgroups and in the namespaces that process `pid` has, under the very same confinement.
 * Its mounts are made anew from the same overlay: nothing of the box's own is ever run with more than the box may do.
 * @param {Box} box
 * @param {number} pid
 * @param {readonly string[]} cgroups
 * @param {readonly string[]} argv
 */
export function insideArgv(box, pid, cgroups, argv) {
  const entered = ['nsenter', '--target', String(pid), '--ipc', '--uts', '--cgroup'];
  const words = [...entered, ...confined(box, ['--pidns', '3'], argv)];
  return ['sh', '-c', JOIN, 'join', String(pid), ...cgroups, '--', ...words];
}

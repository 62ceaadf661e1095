import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { INSIDE } from '../../bench/model/image.ts';
import { tagOf } from '../../bench/proc/owner.ts';
import type { BoxKind, BoxOptions } from '../namespace-common/kind.ts';
import { CAPABILITIES, type OpenFiles, openFilesLimit } from '../oci/config.ts';
import { netnsPath } from '../shared/netns.ts';
import { type Sweep, sweepEach } from '../shared/sweep.ts';
import { leaderOf } from './leader.ts';

const SUPERVISE = fileURLToPath(new URL('supervise.sh', import.meta.url));

/** Where nspawn makes a folder for each container, which it removes at its end if it comes to that. */
const PROPAGATE = '/run/systemd/nspawn/propagate';

/** What nspawn gives unasked, and with a network of its own making. */
const GIVEN = [
  ...['AUDIT_CONTROL', 'AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'IPC_OWNER'],
  ...['KILL', 'LEASE', 'LINUX_IMMUTABLE', 'MKNOD', 'NET_ADMIN', 'NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_RAW'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_CHROOT', 'SYS_NICE', 'SYS_PTRACE'],
  ...['SYS_RESOURCE', 'SYS_TTY_CONFIG'],
].map((name) => `CAP_${name}`);

/** No locks, which a killed nspawn would leave behind, and /tmp on the container's own file tree like everything else. */
const ENVIRONMENT = ['SYSTEMD_NSPAWN_LOCK=0', 'SYSTEMD_NSPAWN_TMPFS_TMP=0'];

export function nspawnWords(
  { paths, environment, argv }: Pick<BoxOptions, 'paths' | 'environment' | 'argv'>,
  openFiles: OpenFiles | null = openFilesLimit() ?? null,
): readonly string[] {
  const dropped = GIVEN.filter((name) => !CAPABILITIES.includes(name));
  const variables = Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`);
  return [
    // By --network-namespace-path= the container would see the host's interfaces in /sys.
    ...['nsenter', `--net=${netnsPath(paths.netns)}`],
    ...['systemd-nspawn', '--quiet', '--settings=no', '--register=no', '--keep-unit'],
    ...[`--machine=${paths.name}`, `--directory=${paths.rootfs}`, '--private-users=no'],
    ...['--resolv-conf=off', '--timezone=off', '--link-journal=no'],
    ...[`--bind=${paths.marks}:${INSIDE.marks}`, `--bind=${paths.commands}:${INSIDE.commands}`],
    ...[`--drop-capability=${dropped.join()}`, '--oom-score-adjust=0'],
    ...(openFiles === null ? [] : [`--rlimit=NOFILE=${openFiles.soft}:${openFiles.hard}`]),
    ...['--console=pipe', '--kill-signal=SIGTERM', ...variables, '--', ...argv],
  ];
}

async function forget(name: string): Promise<void> {
  await rm(join(PROPAGATE, name), { recursive: true, force: true });
}

/** What a killed nspawn left of matching owners. */
export const sweepPropagation: Sweep = async (owner, context) => {
  const names = existsSync(PROPAGATE) ? readdirSync(PROPAGATE) : [];
  const found = names.flatMap((name) => {
    const tag = tagOf(name);
    return tag !== undefined && owner.matches(tag) ? [{ kind: 'folder', id: join(PROPAGATE, name), tag } as const] : [];
  });
  return sweepEach(found, context, (id) => rm(id, { recursive: true, force: true }));
};

/** A container by systemd-nspawn on an overlay over the store's tree, known to no daemon, in a cgroup that tare makes. */
export const NSPAWN: BoxKind = {
  id: 'nspawn',
  // It makes cgroups of its own below, and not in the hierarchies of the limits.
  hierarchies: 'all',
  fifos: [],
  profile: () => undefined,
  launch: (options) => {
    const { paths, tree } = options;
    const layers = `lowerdir=${tree},upperdir=${paths.upper},workdir=${paths.work}`;
    return {
      files: {},
      steps: [{ argv: ['mount', '-t', 'overlay', 'overlay', '-o', layers, paths.rootfs] }],
      command: ['sh', SUPERVISE, paths.pidFile, 'env', ...ENVIRONMENT, ...nspawnWords(options)],
    };
  },
  first: leaderOf,
  forget,
};

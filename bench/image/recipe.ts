import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INSIDE } from '../model/image.ts';
import { STATIC_FLAGS } from '../proc/compile.ts';

/** Source of the program that is every instance's entry point. */
export const PROBE_SOURCE = fileURLToPath(new URL('probe/probe.c', import.meta.url));

/**
 * Everything that decides what is built, apart from the archive's state on that day: the packages, what is removed because
 * it tells one build from another, and what is added. Raise `revision` when the building code changes what comes out.
 */
export const RECIPE = {
  revision: 1,
  suite: 'bookworm',
  variant: 'minbase',
  components: ['main'],
  include: ['redis-server', 'redis-tools', 'sysbench', 'fio', 'memcached', 'libmemcached-tools', 'qemu-guest-agent'],
  /** Seconds since 1970 that every file carries, and that programs run during the build take for today. */
  epoch: 1_735_689_600,
  /** Below these folders no file stays: indexes, downloads and logs of this one build. */
  emptied: ['var/lib/apt/lists', 'var/cache/apt', 'var/cache/ldconfig', 'var/log', 'run', 'tmp', 'var/tmp'],
  /** Names of the host, of the mirror and of this build; back-up copies that package scripts leave. */
  removed: [
    'etc/apt/sources.list',
    'etc/passwd-',
    'etc/group-',
    'etc/shadow-',
    'etc/gshadow-',
    'etc/subuid-',
    'etc/subgid-',
    'var/lib/dbus/machine-id',
    'var/lib/dpkg/available',
    'var/lib/dpkg/diversions-old',
    'var/lib/dpkg/status-old',
    'var/lib/dpkg/statoverride-old',
    'var/lib/systemd/random-seed',
    'var/cache/debconf/config.dat-old',
    'var/cache/debconf/templates.dat-old',
  ],
  /** Files with fixed contents. An empty machine id is filled in by whatever boots; mount points are empty files. */
  files: {
    'etc/machine-id': '',
    'etc/hostname': 'tare\n',
    'etc/hosts': '127.0.0.1 localhost tare\n',
    'etc/resolv.conf': '',
    [INSIDE.marks.slice(1)]: '',
    [INSIDE.commands.slice(1)]: '',
  },
  folders: ['proc', 'sys', 'dev', 'run', 'tmp', INSIDE.data.slice(1)],
  /** The only device nodes, by name below /dev, with their major and minor numbers; all of mode 0666. */
  devices: {
    console: [5, 1],
    full: [1, 7],
    null: [1, 3],
    ptmx: [5, 2],
    random: [1, 8],
    tty: [5, 0],
    urandom: [1, 9],
    zero: [1, 5],
  },
} as const;

/** 64 hex digits over the recipe and the probe's source: whoever has an image with this id need not build. */
export function recipeId(): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([RECIPE, STATIC_FLAGS]));
  hash.update(readFileSync(PROBE_SOURCE));
  return hash.digest('hex');
}

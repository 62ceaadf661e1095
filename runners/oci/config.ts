import { existsSync, readFileSync } from 'node:fs';
import { INSIDE } from '../../bench/model/image.ts';
import type { InstanceSpec } from '../../bench/model/runner.ts';
import { pidsNamed } from '../shared/processes.ts';
import { seccompProfile } from './seccomp.ts';

/** Docker's default set: `CapEff` 00000000a80425fb. */
const CAPABILITY_NUMBERS = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FSETID: 4,
  CAP_FOWNER: 3,
  CAP_MKNOD: 27,
  CAP_NET_RAW: 13,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETFCAP: 31,
  CAP_SETPCAP: 8,
  CAP_NET_BIND_SERVICE: 10,
  CAP_SYS_CHROOT: 18,
  CAP_KILL: 5,
  CAP_AUDIT_WRITE: 29,
} as const;
export const CAPABILITIES = Object.keys(CAPABILITY_NUMBERS);

/** The same as /proc/PID/status shows them: a mask in hex. */
export const CAPABILITY_MASK = Object.values(CAPABILITY_NUMBERS)
  .reduce((mask, number) => mask | (1n << BigInt(number)), 0n)
  .toString(16);

/** What nobody inside may look at. */
export const MASKED_PATHS = [
  ...['asound', 'acpi', 'kcore', 'keys', 'latency_stats', 'timer_list', 'timer_stats', 'sched_debug', 'scsi'].map(
    (name) => `/proc/${name}`,
  ),
  '/sys/firmware',
];

/** What may be looked at and not changed. */
export const READONLY_PATHS = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

/** null, zero, full, random, urandom, tty, console: major, minor. */
export const DEVICES = [
  [1, 3],
  [1, 5],
  [1, 7],
  [1, 8],
  [1, 9],
  [5, 0],
  [5, 1],
] as const;

const RESTRICTED = ['nosuid', 'noexec', 'nodev'];

/** The AppArmor profile that Docker loads into the kernel and applies. */
const APPARMOR_PROFILE = 'docker-default';

/** Docker's AppArmor profile where it is loaded; undefined where there is none to apply. */
export function loadedApparmorProfile(): string | undefined {
  try {
    const profiles = readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8');
    return profiles.includes(`${APPARMOR_PROFILE} (`) ? APPARMOR_PROFILE : undefined;
  } catch {
    return undefined;
  }
}

export interface OpenFiles {
  readonly soft: number;
  readonly hard: number;
}

/**
 * What containers of an engine on this host may open: they inherit it from containerd. Undefined where none runs; tare's own
 * limit then applies.
 */
export function openFilesLimit(): OpenFiles | undefined {
  const [pid] = pidsNamed('containerd');
  return pid === undefined ? undefined : openFilesOf(pid);
}

/** What a process may open; undefined where it has gone, or is not limited. */
export function openFilesOf(pid: number): OpenFiles | undefined {
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    const [, soft, hard] = /^Max open files +(\d+) +(\d+) /m.exec(limits) ?? [];
    return soft === undefined || hard === undefined ? undefined : { soft: Number(soft), hard: Number(hard) };
  } catch {
    return undefined;
  }
}

/** Everything about one container that is not the same for all. */
export interface ContainerOptions {
  readonly name: string;
  /** The mounted overlay. */
  readonly rootfs: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Of the network namespace that was made for it. */
  readonly netns: string;
  /** Host paths of the mark channel's ends. */
  readonly marks: string;
  readonly commands: string;
  /** In the form of the cgroup driver. */
  readonly cgroupsPath: string;
  readonly cgroupVersion: 1 | 2;
  readonly apparmorProfile: string | undefined;
}

function mounts(options: ContainerOptions) {
  const mount = (destination: string, type: string, source: string, words: readonly string[]) => ({
    destination,
    type,
    source,
    options: words,
  });
  const bind = (source: string, destination: string) => mount(destination, 'bind', source, ['rbind', 'rprivate']);
  return [
    mount('/proc', 'proc', 'proc', RESTRICTED),
    mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', 'devpts', [
      ...['nosuid', 'noexec', 'newinstance'],
      ...['ptmxmode=0666', 'mode=0620', 'gid=5'],
    ]),
    mount('/sys', 'sysfs', 'sysfs', [...RESTRICTED, 'ro']),
    mount('/sys/fs/cgroup', 'cgroup', 'cgroup', [...RESTRICTED, 'ro']),
    mount('/dev/mqueue', 'mqueue', 'mqueue', RESTRICTED),
    mount('/dev/shm', 'tmpfs', 'shm', [...RESTRICTED, 'mode=1777', 'size=67108864']),
    bind(options.marks, INSIDE.marks),
    bind(options.commands, INSIDE.commands),
  ];
}

function namespaces(options: ContainerOptions) {
  const made = ['mount', 'uts', 'pid', 'ipc'].map((type) => ({ type }));
  // Docker gives a cgroup namespace where cgroups are v2, and none where they are v1.
  const cgroup = options.cgroupVersion === 2 ? [{ type: 'cgroup' }] : [];
  return [...made, ...cgroup, { type: 'network', path: options.netns }];
}

/** With IPv4 only in the namespace both exist; a kernel may lack the second. */
export function sysctls(): Readonly<Record<string, string>> {
  return {
    'net.ipv4.ip_unprivileged_port_start': '0',
    ...(existsSync('/proc/sys/net/ipv4/ping_group_range') ? { 'net.ipv4.ping_group_range': '0 2147483647' } : {}),
  };
}

/** The config.json of a bundle: the OCI runtime specification filled in as Docker does by default. */
export function ociConfig(spec: InstanceSpec, options: ContainerOptions) {
  const { apparmorProfile } = options;
  const openFiles = openFilesLimit();
  const character = { type: 'c', access: 'rwm', allow: true };
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, additionalGids: [0] },
      args: options.argv,
      env: Object.entries(options.environment).map(([name, value]) => `${name}=${value}`),
      cwd: '/',
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      oomScoreAdj: 0,
      ...(openFiles === undefined ? {} : { rlimits: [{ type: 'RLIMIT_NOFILE', ...openFiles }] }),
      ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
    },
    root: { path: options.rootfs },
    hostname: options.name,
    mounts: mounts(options),
    linux: {
      sysctl: sysctls(),
      resources: {
        devices: [
          { allow: false, access: 'rwm' },
          ...DEVICES.map(([major, minor]) => ({ ...character, major, minor })),
        ],
        // Memory and swap together: the same figure leaves no swap.
        memory: { limit: spec.memoryBytes, swap: spec.memoryBytes, disableOOMKiller: false },
        cpu: { cpus: spec.cpus.join() },
      },
      cgroupsPath: options.cgroupsPath,
      namespaces: namespaces(options),
      seccomp: seccompProfile(),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  } as const;
}

export type OciConfig = ReturnType<typeof ociConfig>;

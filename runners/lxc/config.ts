import { INSIDE } from '../../bench/model/image.ts';
import type { InstanceSpec } from '../../bench/model/runner.ts';
import { macFor } from '../shared/bridge.ts';
import { CAPABILITIES, DEVICES } from '../oci/config.ts';
import type { Link } from '../oci/network.ts';
import type { LxcHost } from './host.ts';

/** Beyond this the file of a console is begun anew. */
const CONSOLE_LIMIT = '1MB';

const RESTRICTED = 'nosuid,nodev,noexec';

/** Everything about one container that is not the same for all of its kind. */
export interface ContainerOptions {
  readonly name: string;
  /** What the overlay lies on, and where it keeps what is written. */
  readonly tree: string;
  readonly upper: string;
  /** Undefined: nothing but loopback. */
  readonly link: Link | undefined;
  /** Signal that asks process 1 to end. */
  readonly haltSignal: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Host paths of the mark channel's ends, of LXC's own log, and of what is written to the console. */
  readonly marks: string;
  readonly commands: string;
  readonly log: string;
  readonly console: string;
}

export function bindMount(source: string, target: string, options: readonly string[] = []): string {
  return `lxc.mount.entry = ${source} ${target.replace(/^\//, '')} none ${['bind', ...options].join()} 0 0`;
}

function network(link: Link | undefined): readonly string[] {
  // With "up" the loopback interface comes up as well.
  if (link === undefined) return ['lxc.net.0.type = empty', 'lxc.net.0.flags = up'];
  const { veth, lease } = link;
  return [
    ...['lxc.net.0.type = veth', 'lxc.net.0.flags = up', 'lxc.net.0.name = eth0'],
    ...[`lxc.net.0.link = ${lease.bridge}`, `lxc.net.0.veth.pair = ${veth}`],
    // No gateway: nothing inside reaches further than the bridge.
    ...[`lxc.net.0.hwaddr = ${macFor(lease.address)}`, `lxc.net.0.ipv4.address = ${lease.withPrefix}`],
  ];
}

/** The cgroup that holds all of an instance's cgroups bears its name, and so the owner's tag. */
function resources({ cpus, memoryBytes }: InstanceSpec, name: string, host: LxcHost): readonly string[] {
  const { cgroupVersion, limitsSwap } = host;
  const prefix = cgroupVersion === 2 ? 'lxc.cgroup2' : 'lxc.cgroup';
  const memory =
    cgroupVersion === 2
      ? [`memory.max = ${memoryBytes}`, ...(limitsSwap ? ['memory.swap.max = 0'] : [])]
      : [
          `memory.limit_in_bytes = ${memoryBytes}`,
          // Memory and swap together: the same figure leaves no swap.
          ...(limitsSwap ? [`memory.memsw.limit_in_bytes = ${memoryBytes}`] : []),
        ];
  const devices = [...DEVICES.map((numbers) => numbers.join(':')), '5:2', '136:*'];
  const settings = [
    ...[`cpuset.cpus = ${cpus.join()}`, ...memory],
    // Any node may be made, these may be used: ptmx and terminals are the container's own.
    ...['devices.deny = a', 'devices.allow = c *:* m', 'devices.allow = b *:* m'],
    ...devices.map((numbers) => `devices.allow = c ${numbers} rwm`),
  ];
  return [`lxc.cgroup.dir = ${name}`, ...settings.map((setting) => `${prefix}.${setting}`)];
}

/** What containers of every kind have in common. */
function common(spec: InstanceSpec, options: ContainerOptions, host: LxcHost): readonly string[] {
  const { name, tree, upper, log, marks, commands, environment } = options;
  return [
    ...[`lxc.uts.name = ${name}`, `lxc.rootfs.path = overlay:${tree}:${upper}`],
    ...[`lxc.signal.halt = ${options.haltSignal}`, 'lxc.init.cwd = /'],
    ...[`lxc.log.file = ${log}`, 'lxc.log.level = ERROR'],
    ...[`lxc.console.logfile = ${options.console}`, `lxc.console.size = ${CONSOLE_LIMIT}`],
    ...['lxc.pty.max = 1024', 'lxc.tty.max = 0', 'lxc.autodev = 1', 'lxc.autodev.tmpfs.size = 67108864'],
    ...Object.entries(environment).map(([variable, value]) => `lxc.environment = ${variable}=${value}`),
    ...network(options.link),
    ...resources(spec, name, host),
    ...[bindMount(marks, INSIDE.marks), bindMount(commands, INSIDE.commands)],
  ];
}

/** The whole text of a container's `config`. @param own the lines of its kind. */
export function lxcConfig(
  spec: InstanceSpec,
  options: ContainerOptions,
  host: LxcHost,
  own: readonly string[],
): string {
  return `${[...common(spec, options, host), ...own].join('\n')}\n`;
}

/** A path that nobody inside may look at: folders are covered by an empty one, files by the null device. */
function mask({ path, isFolder }: LxcHost['masked'][number]): string {
  const target = path.slice(1);
  return isFolder
    ? `lxc.mount.entry = tmpfs ${target} tmpfs ro,${RESTRICTED},size=4k,optional 0 0`
    : bindMount('/dev/null', path, ['optional']);
}

/** What confines an application as Docker confines one by default. @param seccompFile a profile in LXC's format. */
export function applicationLines(seccompFile: string, host: LxcHost): readonly string[] {
  const keep = CAPABILITIES.map((name) => name.replace('CAP_', '').toLowerCase());
  // Below /proc/sys LXC itself lets nobody write who may not administer the network.
  const readOnly = ['bus', 'fs', 'irq'].map((name) =>
    bindMount(`proc/${name}`, `proc/${name}`, ['relative', 'ro', RESTRICTED, 'optional']),
  );
  const { openFiles, apparmorProfile = 'unconfined' } = host;
  return [
    `lxc.cap.keep = ${keep.join(' ')}`,
    `lxc.seccomp.profile = ${seccompFile}`,
    ...[`lxc.apparmor.profile = ${apparmorProfile}`, 'lxc.apparmor.allow_incomplete = 1'],
    ...(openFiles === undefined ? [] : [`lxc.prlimit.nofile = ${openFiles.soft}:${openFiles.hard}`]),
    'lxc.mount.auto = proc:mixed sys:ro cgroup:ro:force',
    `lxc.mount.entry = mqueue dev/mqueue mqueue ${RESTRICTED},create=dir 0 0`,
    `lxc.mount.entry = shm dev/shm tmpfs ${RESTRICTED},mode=1777,size=67108864,create=dir 0 0`,
    ...host.masked.map(mask),
    ...readOnly,
  ];
}

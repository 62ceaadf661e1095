import { readText } from '../../host/files.ts';
import { type Check, check, type Finding, ok, warn } from './check.ts';

/** Instances that a density ramp goes up to. */
export interface Ceilings {
  readonly containers: number;
  readonly vms: number;
}

/** A setting of the kernel that bounds how many instances a host holds. */
interface KernelLimit {
  readonly id: string;
  readonly title: string;
  readonly sysctl: string;
  /** What instances up to the ceilings take of it. */
  readonly needed: (ceilings: Ceilings) => number;
  readonly takenBy: string;
}

/** A container of an engine with its shim and a small server takes about this many processes and threads. */
const TASKS_OF_CONTAINER = 20;
/** QEMU asks for this many requests at once for every disk with native asynchronous I/O. */
const REQUESTS_OF_GUEST = 1024;

const LIMITS: readonly KernelLimit[] = [
  {
    ...{ id: 'limit-inotify', title: 'inotify instances', sysctl: 'fs.inotify.max_user_instances' },
    needed: ({ containers }) => containers,
    takenBy: 'containerd takes one for each container where cgroups are v2',
  },
  {
    ...{ id: 'limit-aio', title: 'asynchronous I/O', sysctl: 'fs.aio-max-nr' },
    needed: ({ vms }) => vms * REQUESTS_OF_GUEST,
    takenBy: `a guest takes up to ${REQUESTS_OF_GUEST} requests`,
  },
  {
    ...{ id: 'limit-pids', title: 'process ids', sysctl: 'kernel.pid_max' },
    needed: ({ containers }) => containers * TASKS_OF_CONTAINER,
    takenBy: `a container takes about ${TASKS_OF_CONTAINER} with its shim`,
  },
  {
    ...{ id: 'limit-threads', title: 'threads', sysctl: 'kernel.threads-max' },
    needed: ({ containers }) => containers * TASKS_OF_CONTAINER,
    takenBy: `a container takes about ${TASKS_OF_CONTAINER} with its shim`,
  },
  {
    ...{ id: 'limit-neighbours', title: 'neighbours', sysctl: 'net.ipv4.neigh.default.gc_thresh3' },
    needed: ({ containers, vms }) => Math.max(containers, vms),
    takenBy: 'every address that is talked to takes one',
  },
];

/** A port for each instance; nothing raises it. */
const BRIDGE_PORTS = 1023;

/** What is suggested: the next power of two with a quarter to spare. */
function suggestion(needed: number): number {
  return 2 ** Math.ceil(Math.log2(needed * 1.25));
}

/** @param text what the setting's file holds; null where the kernel has no such setting. */
export function judgeLimit(id: string, text: string | null, ceilings: Ceilings): Finding {
  const limit = LIMITS.find((candidate) => candidate.id === id);
  if (!limit || text === null) return ok('this host does not say');
  const value = Number(text.trim());
  const needed = limit.needed(ceilings);
  const found = `${text.trim()} (${limit.sysctl})`;
  if (!(value < needed)) return ok(found);
  const advice = `a full density ramp needs ${needed}, since ${limit.takenBy}: sysctl -w ${limit.sysctl}=${suggestion(needed)}`;
  return warn(found, advice);
}

function bridgePorts({ containers }: Ceilings): Finding {
  const found = `${BRIDGE_PORTS} a bridge, fixed in the kernel`;
  if (containers < BRIDGE_PORTS) return ok(found);
  return ok(`${found}: tare adds bridges of its own, an engine's network holds no more`);
}

/** What bounds the number of instances before memory does, and how it is raised; nothing is raised here. */
export function limitChecks(ceilings: Ceilings, root = ''): readonly Promise<Check>[] {
  const settings = LIMITS.map(({ id, title, sysctl }) => {
    const path = `${root}/proc/sys/${sysctl.replaceAll('.', '/')}`;
    return check(id, title, () => judgeLimit(id, readText(path), ceilings));
  });
  return [...settings, check('limit-bridge-ports', 'bridge ports', () => bridgePorts(ceilings))];
}

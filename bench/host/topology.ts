import { parseCpuList } from './cpus.ts';
import { namesIn, readText } from './files.ts';

/** One CPU that is online. */
export interface Cpu {
  readonly id: number;
  /** The lowest online CPU of its core: equal for threads of one core. */
  readonly core: number;
  readonly socket: number | null;
  /** Its NUMA node; null where the host does not say. */
  readonly node: number | null;
  /** On a hybrid processor, the kind of its core; null on any other. */
  readonly kind: 'performance' | 'efficiency' | null;
  /** Kept out of the scheduler's balancing (`isolcpus=`): what starts on one stays there. */
  readonly isolated: boolean;
}

export interface CpuTopology {
  /** Ascending by id. */
  readonly cpus: readonly Cpu[];
}

const CPU = '/sys/devices/system/cpu';
const NODE = '/sys/devices/system/node';

/** A list of CPUs in a file; undefined where it is missing or says something else. */
function listIn(path: string): readonly number[] | undefined {
  const text = readText(path);
  if (text === null) return undefined;
  try {
    return parseCpuList(text);
  } catch {
    return undefined;
  }
}

function numberIn(path: string): number | null {
  const text = readText(path)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

/** The node of each CPU. */
function nodes(root: string): ReadonlyMap<number, number> {
  const found = namesIn(root + NODE).flatMap((name) => {
    const node = /^node(\d+)$/.exec(name)?.[1];
    const cpus = node === undefined ? undefined : listIn(`${root}${NODE}/${name}/cpulist`);
    return (cpus ?? []).map((cpu) => [cpu, Number(node)] as const);
  });
  return new Map(found);
}

/** Hybrid processors have a device for each kind of core; others have neither. */
function kinds(root: string): ReadonlyMap<number, Cpu['kind']> {
  const of = (device: string, kind: Cpu['kind']) =>
    (listIn(`${root}/sys/devices/${device}/cpus`) ?? []).map((cpu) => [cpu, kind] as const);
  const found = [...of('cpu_core', 'performance'), ...of('cpu_atom', 'efficiency')];
  return new Map([...found, ...of('cpu_lowpower', 'efficiency')]);
}

/**
 * The CPUs that are online and how they belong together. What a container or virtual machine hides is taken for the plainest:
 * every CPU a core of its own, no node, nothing isolated. Without even a list of CPUs there are those of `fallback`.
 * @param fallback ids, e.g. those that this process may use. @param root where the host's / is; for tests.
 */
export function readTopology(fallback: readonly number[], root = ''): CpuTopology {
  const online = listIn(`${root}${CPU}/online`) ?? [];
  const ids = online.length > 0 ? online : fallback;
  const nodeOf = nodes(root);
  const kindOf = kinds(root);
  const isolated = listIn(`${root}${CPU}/isolated`) ?? [];
  const cpus = [...new Set(ids)]
    .toSorted((a, b) => a - b)
    .map((id): Cpu => {
      const folder = `${root}${CPU}/cpu${id}/topology`;
      const threads = listIn(`${folder}/core_cpus_list`) ?? listIn(`${folder}/thread_siblings_list`) ?? [];
      const siblings = threads.filter((thread) => ids.includes(thread));
      return {
        id,
        core: Math.min(id, ...siblings),
        socket: numberIn(`${folder}/physical_package_id`),
        node: nodeOf.get(id) ?? null,
        kind: kindOf.get(id) ?? null,
        isolated: isolated.includes(id),
      };
    });
  return { cpus };
}

/** The CPUs of the nearest cpuset above this process that says so; undefined where none does. */
function cpusetCpus(root: string): readonly number[] | undefined {
  const lines = (readText(`${root}/proc/self/cgroup`) ?? '').split('\n');
  const folders = lines.flatMap((line) => {
    const [, controllers, path = ''] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    const steps = path.split('/').filter((step) => step !== '');
    const upwards = Array.from({ length: steps.length + 1 }, (_, up) => steps.slice(0, steps.length - up).join('/'));
    if (controllers === '') return upwards.map((step) => `/sys/fs/cgroup/${step}/cpuset.cpus.effective`);
    if (!controllers?.split(',').includes('cpuset')) return [];
    return upwards.map((step) => `/sys/fs/cgroup/cpuset/${step}/cpuset.effective_cpus`);
  });
  return folders.map((path) => listIn(root + path)).find((cpus) => cpus !== undefined && cpus.length > 0);
}

/**
 * CPUs that a process of tare's may be put on, online or not. The kernel leaves isolated ones out of every process's set until
 * somebody asks for them: they count too, as far as the cpuset allows, unless this process was given a narrower set on purpose.
 */
export function usableCpus(allowed: readonly number[], topology: CpuTopology, root = ''): readonly number[] {
  const here = topology.cpus.filter(({ id }) => allowed.includes(id));
  const housekeeping = topology.cpus.filter(({ isolated }) => !isolated);
  const cpuset = cpusetCpus(root);
  const untouched = housekeeping.filter(({ id }) => cpuset?.includes(id) ?? true).every((cpu) => here.includes(cpu));
  const added = untouched ? topology.cpus.filter(({ id, isolated }) => isolated && (cpuset?.includes(id) ?? true)) : [];
  return [...new Set([...here, ...added])].map(({ id }) => id).toSorted((a, b) => a - b);
}

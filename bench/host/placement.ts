import { ConfigError } from '../errors.ts';
import { allowedCpus } from './cpus.ts';
import { placementWarnings } from './placement-warnings.ts';
import { type Cpu, type CpuTopology, readTopology, usableCpus } from './topology.ts';

/** Which CPUs a run uses for what; ascending. */
export interface CpuPlan {
  readonly instance: readonly number[];
  readonly client: readonly number[];
  /** What is left for tare itself and everything else on the host. */
  readonly host: readonly number[];
  /** What cannot be kept apart here, one sentence each; empty where everything is. */
  readonly overlaps: readonly string[];
  /** The one that holds all of the instance's CPUs; null where the host does not say, or where several do. */
  readonly numaNode: number | null;
}

export interface PlacementWish {
  /** How many CPUs, or which. */
  readonly instanceCpus: number | readonly number[];
  /** Null: chosen here. */
  readonly clientCpus: readonly number[] | null;
}

/** Usable CPUs, and those online CPUs beside them that others may use. */
interface Field {
  readonly usable: readonly Cpu[];
  readonly foreignCores: ReadonlySet<number>;
}

interface Draft {
  readonly instance: readonly Cpu[];
  readonly client: readonly Cpu[];
  readonly host: readonly Cpu[];
}

function coresOf(cpus: readonly Cpu[]): ReadonlySet<number> {
  return new Set(cpus.map(({ core }) => core));
}

function distinct(values: readonly unknown[]): number {
  return new Set(values).size;
}

/** Compares two lists of numbers from left to right; the first difference decides. */
function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((rank, index) => rank !== b[index]);
  return at === -1 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

function sortedBy(cpus: readonly Cpu[], rank: (cpu: Cpu) => readonly number[]): readonly Cpu[] {
  return cpus.toSorted((a, b) => compareRanks(rank(a), rank(b)));
}

/** Which thread of its core a CPU is among these, from 0. */
function threadIndex(cpu: Cpu, among: readonly Cpu[]): number {
  return among.filter(({ core, id }) => core === cpu.core && id < cpu.id).length;
}

/** CPU 0's core takes most interrupts; cores that others use too come late, high numbers early. */
function coreRank(cpu: Cpu, { foreignCores }: Field): readonly number[] {
  return [Number(cpu.core === 0), Number(foreignCores.has(cpu.core)), -cpu.core, cpu.id];
}

/** One thread of each core, then second threads; undefined where there are too few. */
function pick(count: number, pool: readonly Cpu[], field: Field): readonly Cpu[] | undefined {
  const ordered = sortedBy(pool, (cpu) => [threadIndex(cpu, pool), ...coreRank(cpu, field)]);
  return ordered.length < count ? undefined : ordered.slice(0, count);
}

/** Sets of CPUs worth trying: each node and the whole host, with and without isolated ones, each kind and all. */
function pools(usable: readonly Cpu[]): readonly (readonly Cpu[])[] {
  const by = (value: (cpu: Cpu) => unknown) => (cpus: readonly Cpu[]) => [
    cpus,
    ...[...new Set(cpus.map(value))].map((wanted) => cpus.filter((cpu) => value(cpu) === wanted)),
  ];
  return by(({ node }) => node)(usable)
    .flatMap(by(({ isolated }) => isolated))
    .flatMap(by(({ kind }) => kind));
}

/** Where a client goes: off the instance's cores, on its node, and leaving a core to the host where there is one. */
function clientFor(instance: readonly Cpu[], field: Field): readonly Cpu[] {
  const cores = coresOf(instance);
  const nodes = new Set(instance.map(({ node }) => node));
  const free = field.usable.filter(({ core }) => !cores.has(core));
  const balanced = free.filter(({ isolated }) => !isolated);
  const rank = (cpu: Cpu) => [Number(!nodes.has(cpu.node)), ...coreRank(cpu, field)];
  if (balanced.length > 0) {
    const atMost = Math.max(1, coresOf(balanced).size - 1);
    const ordered = sortedBy(balanced, (cpu) => [threadIndex(cpu, balanced), ...rank(cpu)]);
    return ordered.slice(0, Math.min(instance.length, atMost));
  }
  // A client with several threads gains nothing from a second isolated CPU.
  const others = field.usable.filter((cpu) => !instance.includes(cpu));
  const [chosen] = [free, others, instance].map((cpus) => sortedBy(cpus, rank)).find((cpus) => cpus.length > 0) ?? [];
  return chosen === undefined ? [] : [chosen];
}

/** The first of these that leaves anything: off both, off the instance's cores, off its CPUs, everything. */
function hostFor(instance: readonly Cpu[], client: readonly Cpu[], { usable }: Field): readonly Cpu[] {
  const shared = usable.filter(({ isolated }) => !isolated);
  const plain = shared.length > 0 ? shared : usable;
  const [ofInstance, ofClient] = [coresOf(instance), coresOf(client)];
  const offCores = plain.filter(({ core }) => !ofInstance.has(core));
  const choices = [offCores.filter(({ core }) => !ofClient.has(core)), offCores];
  const last = [plain.filter((cpu) => !instance.includes(cpu)), plain];
  return [...choices, ...last].find((cpus) => cpus.length > 0) ?? plain;
}

function shares(a: readonly Cpu[], b: readonly Cpu[], value: (cpu: Cpu) => number): number {
  const values = new Set(b.map(value));
  return Number(a.some((cpu) => values.has(value(cpu))));
}

/** How far a draft is from what is wanted, the weightiest first; lower is better. */
function faults({ instance, client, host }: Draft, { foreignCores }: Field): readonly number[] {
  const several = instance.length > 1;
  return [
    instance.length - coresOf(instance).size,
    distinct(instance.map(({ node }) => node)) - 1,
    distinct(instance.map(({ kind }) => kind)) - 1,
    // The scheduler never moves a thread between isolated CPUs: good for one, useless for several.
    Number(instance.some(({ isolated }) => isolated === several)),
    shares(client, instance, ({ id }) => id),
    shares(client, instance, ({ core }) => core),
    Number(instance.some(({ core }) => foreignCores.has(core))),
    Number(instance.some(({ core }) => core === 0)),
    Number(instance.some(({ kind }) => kind === 'efficiency')),
    1 - shares(client, instance, ({ node }) => node ?? -1),
    shares(host, instance, ({ core }) => core),
    shares(host, client, ({ id }) => id),
    -Math.max(...instance.map(({ id }) => id)),
  ];
}

function named(ids: readonly number[], what: string, usable: readonly Cpu[]): readonly Cpu[] {
  const missing = ids.filter((id) => !usable.some((cpu) => cpu.id === id));
  if (missing.length > 0) {
    throw new ConfigError('NO_SUCH_CPU', `CPU ${missing.join(', ')} cannot be used here for ${what}`, {
      hint: `usable: ${usable.map(({ id }) => id).join(', ')}`,
    });
  }
  return usable.filter(({ id }) => ids.includes(id));
}

function draftsOf(wish: PlacementWish, field: Field): readonly Draft[] {
  const { usable } = field;
  const { instanceCpus, clientCpus } = wish;
  const wanted = clientCpus === null ? null : named(clientCpus, 'clients', usable);
  const sets =
    typeof instanceCpus === 'number'
      ? pools(usable).flatMap((pool) => {
          const picked = pick(instanceCpus, pool, field);
          return picked ? [picked] : [];
        })
      : [named(instanceCpus, 'instances', usable)];
  return sets.map((instance) => {
    const client = wanted ?? clientFor(instance, field);
    return { instance, client, host: hostFor(instance, client, field) };
  });
}

/**
 * Which CPUs instances, their clients and the host itself get. Whole cores first, one NUMA node, one kind of core, an isolated
 * CPU for an instance with one; clients on other cores of the same node, CPU 0 to the host. Of what cannot be had all at once the
 * weightier wins, and the rest is said. Pure.
 * @param allowed CPUs that tare may use; offline ones are left out.
 * @throws ConfigError `NO_SUCH_CPU`, `TOO_FEW_CPUS`.
 */
export function planCpus(
  options: PlacementWish & {
    readonly topology: CpuTopology;
    readonly allowed: readonly number[];
  },
): CpuPlan {
  const { topology, allowed } = options;
  const usable = topology.cpus.filter(({ id }) => allowed.includes(id));
  const foreignCores = coresOf(topology.cpus.filter((cpu) => !usable.includes(cpu)));
  const field: Field = { usable, foreignCores };
  const [best] = draftsOf(options, field).toSorted((a, b) => compareRanks(faults(a, field), faults(b, field)));
  if (!best) {
    const wanted = `${String(options.instanceCpus)} CPUs were asked for, ${usable.length} can be used here`;
    throw new ConfigError('TOO_FEW_CPUS', wanted, { hint: 'set instance.cpus (--cpus) lower' });
  }
  const ids = (cpus: readonly Cpu[]) => cpus.map(({ id }) => id).toSorted((a, b) => a - b);
  const nodes = [...new Set(best.instance.map(({ node }) => node))];
  return {
    instance: ids(best.instance),
    client: ids(best.client),
    host: ids(best.host),
    overlaps: placementWarnings(best, foreignCores),
    numaNode: nodes.length === 1 ? (nodes[0] ?? null) : null,
  };
}

/** The same for this host, as it is now; starts no process. @param root where the host's / is; for tests. */
export function planCpusHere(wish: PlacementWish): CpuPlan & { readonly usable: readonly number[] } {
  const allowed = allowedCpus();
  const topology = readTopology(allowed);
  const usable = usableCpus(allowed, topology);
  return { ...planCpus({ ...wish, topology, allowed: usable }), usable };
}

import { formatCpuList } from './cpus.ts';
import type { Cpu } from './topology.ts';

/** CPUs by their use. */
interface Uses {
  readonly instance: readonly Cpu[];
  readonly client: readonly Cpu[];
  readonly host: readonly Cpu[];
}

function names(cpus: readonly Cpu[]): string {
  const list = formatCpuList(cpus.map(({ id }) => id));
  return cpus.length === 1 ? `CPU ${list}` : `CPUs ${list}`;
}

function both(a: readonly Cpu[], b: readonly Cpu[]): readonly Cpu[] {
  return a.filter((cpu) => b.includes(cpu));
}

/** Those of `a` that are not in `b` themselves but on one of its cores. */
function besides(a: readonly Cpu[], b: readonly Cpu[]): readonly Cpu[] {
  return a.filter((cpu) => !b.includes(cpu) && b.some(({ core }) => core === cpu.core));
}

function withinInstance(instance: readonly Cpu[], foreignCores: ReadonlySet<number>): readonly string[] {
  const doubled = instance.filter((cpu) => instance.some(({ core, id }) => core === cpu.core && id !== cpu.id));
  const foreign = instance.filter(({ core }) => foreignCores.has(core));
  const isolated = instance.filter((cpu) => cpu.isolated);
  const several = (values: readonly unknown[]) => new Set(values).size > 1;
  const found: string[] = [];
  if (doubled.length > 0) {
    found.push(`${names(doubled)} of an instance are threads of the same cores, and each takes from its sibling.`);
  }
  if (foreign.length > 0) {
    found.push(`Beside ${names(foreign)} of an instance others may run: tare may not use every thread of that core.`);
  }
  if (several(instance.map(({ node }) => node))) {
    found.push(`${names(instance)} of an instance lie on several NUMA nodes.`);
  }
  if (several(instance.map(({ kind }) => kind))) {
    found.push(`${names(instance)} of an instance are of different kinds: performance and efficiency cores.`);
  }
  if (isolated.length > 0 && instance.length > 1) {
    found.push(`${names(isolated)} of an instance are isolated: the kernel does not move threads between such CPUs.`);
  }
  return found;
}

function ofClient({ instance, client }: Uses): readonly string[] {
  const found: string[] = [];
  const [same, siblings] = [both(client, instance), besides(client, instance)];
  if (same.length > 0) found.push(`A client outside shares ${names(same)} with the instance that it measures.`);
  if (siblings.length > 0) {
    found.push(`A client outside runs on ${names(siblings)}, on a core of the instance that it measures.`);
  }
  const away = client.filter(({ node }) => !instance.some((cpu) => cpu.node === node));
  if (away.length > 0) found.push(`A client outside runs on ${names(away)}, on another NUMA node than the instance.`);
  return found;
}

function ofHost({ instance, client, host }: Uses): readonly string[] {
  const found: string[] = [];
  const taken = both(host, instance);
  if (taken.length > 0)
    found.push(`Nothing is left for the host: tare itself may run on ${names(taken)} of an instance.`);
  const beside = besides(host, instance);
  if (beside.length > 0) found.push(`What is left for the host lies on cores of an instance: ${names(beside)}.`);
  // Where an instance loses CPU time to the host, what a client loses is the smaller worry.
  const shared = both(host, client);
  if (shared.length > 0 && taken.length === 0) {
    found.push(`A client outside shares ${names(shared)} with tare itself: there is no further core.`);
  }
  return found;
}

/**
 * What these uses have in common that they should not have, one plain sentence each, the weightiest first. Pure.
 * @param foreignCores cores with an online CPU that tare may not use.
 */
export function placementWarnings(uses: Uses, foreignCores: ReadonlySet<number>): readonly string[] {
  const { instance, client, host } = uses;
  const [only] = instance;
  if (only && new Set([...instance, ...client, ...host]).size === 1) {
    return [`There is only ${names([only])}: instances, their clients and tare itself take turns on it.`];
  }
  return [...withinInstance(instance, foreignCores), ...ofClient(uses), ...ofHost(uses)];
}

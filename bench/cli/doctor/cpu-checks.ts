import { allowedCpus, formatCpuList } from '../../host/cpus.ts';
import { type CpuPlan, planCpus } from '../../host/placement.ts';
import { type CpuTopology, readTopology, usableCpus } from '../../host/topology.ts';
import { type Check, check, type Finding, ok, warn } from './check.ts';

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** How the usable CPUs belong together. Pure. */
export function describeCpus({ cpus }: CpuTopology, usable: readonly number[]): Finding {
  const here = cpus.filter(({ id }) => usable.includes(id));
  const distinct = (values: readonly unknown[]) => new Set(values.filter((value) => value !== null)).size;
  const cores = distinct(here.map(({ core }) => core));
  const nodes = distinct(here.map(({ node }) => node));
  const sockets = distinct(here.map(({ socket }) => socket));
  const isolated = here.filter((cpu) => cpu.isolated).map(({ id }) => id);
  const kinds = distinct(here.map(({ kind }) => kind));
  const parts = [
    `${formatCpuList(usable)}: ${counted(here.length, 'CPU')} on ${counted(cores, 'core')}`,
    ...(sockets > 1 ? [counted(sockets, 'socket')] : []),
    ...(nodes > 0 ? [counted(nodes, 'NUMA node')] : []),
    ...(kinds > 1 ? ['performance and efficiency cores'] : []),
    ...(isolated.length > 0 ? [`isolated: ${formatCpuList(isolated)}`] : []),
  ];
  return ok(parts.join(', '));
}

/** What a run without further words would use. Pure. */
export function describePlan({ instance, client, host, overlaps }: CpuPlan): Finding {
  const use = [instance, client, host].map(formatCpuList);
  const found = `instances ${use[0]}, clients outside ${use[1]}, left to the host ${use[2]}`;
  if (overlaps.length === 0) return ok(found);
  return warn(found, `${overlaps.join(' ')} "--cpus" and "--client-cpus" choose others`);
}

/** Which CPUs there are, and which a run would use for what. */
export function cpuChecks(instanceCpus: number | readonly number[], root = ''): readonly Promise<Check>[] {
  const allowed = allowedCpus();
  const topology = readTopology(allowed, root);
  const usable = usableCpus(allowed, topology, root);
  return [
    check('cpus', 'CPUs', () => describeCpus(topology, usable)),
    check('placement', 'placement', () =>
      describePlan(planCpus({ topology, allowed: usable, instanceCpus, clientCpus: null })),
    ),
  ];
}

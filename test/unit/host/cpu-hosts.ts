import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowedCpus } from '../../../bench/host/cpus.ts';
import { planCpus, type CpuPlan } from '../../../bench/host/placement.ts';
import { type CpuTopology, readTopology, usableCpus } from '../../../bench/host/topology.ts';
import { CAPTURED, hostTree } from './host-tree.ts';

/** A captured host's files: `path: first line`, one a line. */
export function capturedCpus(name: string): Readonly<Record<string, string>> {
  const lines = readFileSync(join(CAPTURED, 'cpus', `${name}.txt`), 'utf8')
    .trim()
    .split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), `${line.slice(at + 1).trim()}\n`];
    }),
  );
}

export interface CpuHost {
  readonly topology: CpuTopology;
  readonly usable: readonly number[];
  plan(instanceCpus: number | readonly number[], clientCpus?: readonly number[]): CpuPlan;
}

/** What tare reads of a host with these files; `change` wins over them, and null takes one away. */
export function cpuHost(
  files: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null>> = {},
): CpuHost {
  const kept = Object.entries({ ...files, ...change }).flatMap(([path, text]) => (text === null ? [] : [[path, text]]));
  using host = hostTree(Object.fromEntries(kept) as Record<string, string>);
  const allowed = allowedCpus({ ...files, ...change }['proc/self/status'] ?? '');
  const topology = readTopology(allowed, host.root);
  const usable = usableCpus(allowed, topology, host.root);
  return {
    topology,
    usable,
    plan: (instanceCpus, clientCpus) => {
      return planCpus({ topology, allowed: usable, instanceCpus, clientCpus: clientCpus ?? null });
    },
  };
}

const CPU = 'sys/devices/system/cpu';

/** A host made up by hand: each CPU's threads of its core; nothing of it was captured. */
export function madeUpCpus(siblings: readonly string[]): Readonly<Record<string, string>> {
  const all = `0-${siblings.length - 1}`;
  const files = siblings.map((list, id) => [`${CPU}/cpu${id}/topology/core_cpus_list`, `${list}\n`] as const);
  return {
    [`${CPU}/online`]: `${all}\n`,
    'proc/self/status': `Cpus_allowed_list:\t${all}\n`,
    ...Object.fromEntries(files),
  };
}

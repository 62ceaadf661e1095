import type { Manifest, ManifestRunner } from '../model/manifest.ts';

/** One thing in which two runs differ. */
export interface Unlike {
  readonly what: string;
  readonly a: string;
  readonly b: string;
}

type Facts = Readonly<Record<string, unknown>>;

function text(value: unknown): string {
  if (value === undefined || value === null) return 'not known';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function unlike(prefix: string, a: Facts, b: Facts): readonly Unlike[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names
    .map((name) => ({ what: `${prefix} ${name}`, a: text(a[name]), b: text(b[name]) }))
    .filter((pair) => pair.a !== pair.b);
}

/** Runners that both runs have, by the id that they were asked for. */
function shared(a: Manifest, b: Manifest): readonly (readonly [ManifestRunner, ManifestRunner])[] {
  return a.runners.flatMap((runner) => {
    const other = b.runners.find(({ id }) => id === runner.id);
    return other === undefined ? [] : [[runner, other] as const];
  });
}

function machine({ host }: Manifest): Facts {
  const { cpuModel, cpus, memoryBytes, virtualised, smt } = host;
  return { cpuModel, cpus, memoryBytes, virtualised, smt };
}

function size({ spec }: Manifest): Facts {
  const { cpus, memoryBytes, diskCache, network } = spec;
  return { cpus: cpus.length, memoryBytes, diskCache, network };
}

/** What keeps two runs from being compared: another machine, image, size, accelerator, or other settings of a workload. Pure. */
export function strangers(a: Manifest, b: Manifest): readonly Unlike[] {
  const workloads = Object.keys(a.workloadSettings).filter((id) => id in b.workloadSettings);
  return [
    ...unlike('host', machine(a), machine(b)),
    ...unlike('image', { digest: a.image.digest }, { digest: b.image.digest }),
    ...unlike('instance', size(a), size(b)),
    ...shared(a, b).flatMap(([left, right]) => {
      const of = ({ capabilities: { accelerator, nested = false } }: ManifestRunner) => ({ accelerator, nested });
      return unlike(`runner ${left.id}`, of(left), of(right));
    }),
    ...workloads.flatMap((id) => unlike(`workload ${id}`, a.workloadSettings[id] ?? {}, b.workloadSettings[id] ?? {})),
  ];
}

/** What may well be the reason for a difference, and is what a gate is for: versions and options of what was measured. Pure. */
export function changes(a: Manifest, b: Manifest): readonly Unlike[] {
  const software = ({ tare, host: { kernel, distribution, cgroup, governor } }: Manifest): Facts => {
    return { tare, kernel, distribution, cgroup, governor };
  };
  return [
    ...unlike('host', software(a), software(b)),
    ...shared(a, b).flatMap(([left, right]) =>
      unlike(`runner ${left.id}`, { ...left.options, ...left.versions }, { ...right.options, ...right.versions }),
    ),
  ];
}

import type { DesignedDifference, EffectiveLimits, Isolation } from '../model/runner.ts';
import type { Difference } from '../model/result.ts';

/** The part of the spec that can be read back. */
export interface ParitySpec {
  readonly cpus: readonly number[];
  readonly memoryBytes: number;
  readonly diskCache: string;
}

/** What one instance got; several of the same runner are fine. */
export interface ParityReading {
  readonly runner: string;
  readonly isolation: Isolation;
  readonly designed: readonly DesignedDifference[];
  readonly limits: EffectiveLimits;
  /** CPUs that this instance was to get, where not the spec's. */
  readonly cpus?: readonly number[];
}

type Limit = keyof EffectiveLimits;

/** One thing to compare, as text; equal texts are no difference. */
interface Check {
  readonly limit: Limit;
  readonly expected: string;
  readonly actual: string;
}

/** What containers must have in common with each other, since the spec does not say it. */
const AMONG_CONTAINERS = ['seccomp', 'capabilities', 'apparmor', 'hugePages'] as const satisfies readonly Limit[];

/** Other containers are compared with this one where it takes part. */
const REFERENCE = 'docker';

function shown(value: EffectiveLimits[Limit]): string {
  if (value === null) return 'not readable';
  return typeof value === 'object' ? value.toSorted((a, b) => a - b).join(',') : String(value);
}

function againstSpec(spec: ParitySpec, { isolation, limits }: ParityReading): readonly Check[] {
  const check = (limit: Limit, expected: EffectiveLimits[Limit]): Check => {
    return { limit, expected: shown(expected), actual: shown(limits[limit]) };
  };
  const all = [check('cpus', spec.cpus), check('memoryBytes', spec.memoryBytes)];
  const quota =
    limits.cpuQuota === null ? [] : [{ limit: 'cpuQuota', expected: 'none', actual: shown(limits.cpuQuota) } as const];
  if (isolation === 'none') return [...all, ...quota];
  // Programs in a container open the host's files themselves: nobody else decides how those are cached.
  const cache = isolation === 'container' || limits.diskCache === null ? [] : [check('diskCache', spec.diskCache)];
  if (isolation !== 'vm') return [...all, ...quota, check('swapBytes', 0), ...cache];
  return [
    ...all,
    ...quota,
    check('vcpus', spec.cpus.length),
    emulator(spec, limits),
    check('diskCache', spec.diskCache),
  ];
}

/** The emulator's threads may use fewer CPUs than the instance, but no others. */
function emulator(spec: ParitySpec, { emulatorCpus }: EffectiveLimits): Check {
  const within =
    emulatorCpus !== null && emulatorCpus.length > 0 && emulatorCpus.every((cpu) => spec.cpus.includes(cpu));
  const expected = `within ${shown(spec.cpus)}`;
  return { limit: 'emulatorCpus', expected, actual: within ? expected : shown(emulatorCpus) };
}

/** The container whose value of a limit the others are to have: docker, or the first that does not differ in it by design. */
function referenceOf(limit: Limit, containers: readonly ParityReading[]): ParityReading | undefined {
  const plain = containers.filter(({ designed }) => designed.every((difference) => difference.limit !== limit));
  return containers.find(({ runner }) => runner === REFERENCE) ?? plain[0] ?? containers[0];
}

function amongContainers(containers: readonly ParityReading[], reading: ParityReading): readonly Check[] {
  if (reading.isolation !== 'container') return [];
  return AMONG_CONTAINERS.flatMap((limit) => {
    const reference = referenceOf(limit, containers);
    if (reference === undefined || reference.runner === reading.runner) return [];
    return [{ limit, expected: shown(reference.limits[limit]), actual: shown(reading.limits[limit]) }];
  });
}

/**
 * Every limit in which an instance differs from the spec, or a container from its peers; each once a runner, in the order of
 * the readings. A value that could not be read where one is expected is a difference. Pure.
 *
 * The spec decides CPUs and memory for all (a VM's memory is its domain's), no quota, no swap for containers and sandboxes,
 * and for VMs the number of vCPUs, emulator threads within the CPU set and the disk's cache mode; the latter for sandboxes
 * too, where they tell it. Containers must agree with docker, or where docker does not take part with the first container that
 * does not differ by design, on seccomp, capabilities, AppArmor and huge pages.
 */
export function differences(spec: ParitySpec, readings: readonly ParityReading[]): readonly Difference[] {
  const containers = readings.filter(({ isolation }) => isolation === 'container');
  const found = readings.flatMap((reading) =>
    [...againstSpec({ ...spec, cpus: reading.cpus ?? spec.cpus }, reading), ...amongContainers(containers, reading)]
      .filter(({ expected, actual }) => expected !== actual)
      .map(({ limit, expected, actual }): Difference => {
        const designed = reading.designed.find((difference) => difference.limit === limit)?.why ?? null;
        return { runner: reading.runner, limit, expected, actual, designed };
      }),
  );
  const once = new Map(found.map((difference) => [JSON.stringify(difference), difference]));
  return [...once.values()];
}

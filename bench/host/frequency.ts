import { namesIn, readText } from './files.ts';

const CPU = '/sys/devices/system/cpu';

/** Why a CPU may run faster at one time than at another; compared as text. */
export interface FrequencyPolicy {
  readonly governor: string;
  /** Everything that bounds the frequency: limits in kHz, and turbo. */
  readonly limits: string;
}

/** The policies by name; empty where the host shows none, as most virtual machines do. Never reads the current frequency: that would wake the CPUs. */
export function frequencyPolicies(root = ''): ReadonlyMap<string, FrequencyPolicy> {
  const turbo = [`${CPU}/intel_pstate/no_turbo`, `${CPU}/cpufreq/boost`].map(
    (path) => readText(root + path)?.trim() ?? '',
  );
  const policies = new Map<string, FrequencyPolicy>();
  for (const name of namesIn(`${root}${CPU}/cpufreq`)) {
    const read = (file: string) => readText(`${root}${CPU}/cpufreq/${name}/${file}`)?.trim();
    const governor = name.startsWith('policy') ? read('scaling_governor') : undefined;
    if (governor === undefined) continue;
    const limits = [read('scaling_min_freq') ?? '', read('scaling_max_freq') ?? '', ...turbo].join(' ');
    policies.set(name, { governor, limits });
  }
  return policies;
}

/** The governors in use, joined by commas; null where the host shows none. */
export function governors(policies: ReadonlyMap<string, FrequencyPolicy>): string | null {
  const names = new Set([...policies.values()].map(({ governor }) => governor));
  return names.size === 0 ? null : [...names].toSorted().join(', ');
}

/** Thermal throttle events since boot, by CPU and counter; a package's count appears under each of its CPUs. Empty: the host keeps none. */
export function throttleCounts(root = ''): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const cpu of namesIn(root + CPU).filter((name) => /^cpu\d+$/.test(name))) {
    for (const counter of ['core_throttle_count', 'package_throttle_count']) {
      const text = readText(`${root}${CPU}/${cpu}/thermal_throttle/${counter}`);
      // Without the counters of one CPU there are none of the others either, but offline CPUs have none of their own.
      if (text === null) break;
      counts.set(`${cpu}/${counter}`, Number(text));
    }
  }
  return counts;
}

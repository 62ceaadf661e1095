import type { Config, ConfigFile } from './schema.ts';

const MINUTE = 60_000;

const COMMON = {
  runners: ['native', 'runc', 'docker', 'kvm-direct'],
  experiments: ['startup', 'disk'],
  workload: 'redis',
  columns: { container: 'docker', vm: 'kvm-direct' },
  instance: { cpus: 1, memory: 512 * 2 ** 20, diskCache: 'none', network: 'bridge' },
  accel: 'auto',
  startTimeout: 2 * MINUTE,
  stopTimeout: MINUTE,
  targetHalfWidth: 0.1,
  delta: 0.05,
  seed: 1,
  state: '/var/lib/tare',
  out: 'runs',
} as const satisfies Partial<Config>;

/** What each profile adds: how long it may take and how much it wants to know. */
const PROFILES = {
  smoke: { budget: 3 * MINUTE, pilotBlocks: 0, maxBlocks: 1, rampBlocks: 1 },
  quick: { budget: 12 * MINUTE, pilotBlocks: 3, maxBlocks: 24, rampBlocks: 3 },
  standard: { budget: 60 * MINUTE, pilotBlocks: 3, maxBlocks: 120, rampBlocks: 6 },
  paper: { budget: 240 * MINUTE, pilotBlocks: 3, maxBlocks: 400, rampBlocks: 12 },
} as const satisfies Record<Config['profile'], Partial<Config>>;

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly Config['profile'][];

/** Fills in every default; what the file says wins over the profile. */
export function withDefaults(file: ConfigFile): Config {
  const profile = file.profile ?? 'quick';
  const given = Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined));
  return {
    ...COMMON,
    ...PROFILES[profile],
    ...given,
    profile,
    columns: { ...COMMON.columns, ...file.columns },
    instance: { ...COMMON.instance, ...file.instance },
  } as Config;
}

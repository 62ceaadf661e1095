import type { Config, ConfigFile } from './schema.ts';

const MINUTE = 60_000;

const COMMON = {
  runners: ['native', 'runc', 'docker', 'kvm-direct', 'kvm'],
  options: {},
  experiments: ['startup', 'disk', 'throughput', 'density'],
  workload: 'redis',
  throughput: {
    workloads: ['redis', 'memcached', 'sysbench', 'fio', 'tinybench'],
    operationTime: 1000,
    blocks: null,
    emulated: 'main',
    suite: null,
  },
  density: {
    ...{ containers: 1100, vms: 200, loaded: { containers: 200, vms: 20 } },
    ...{ rampTime: 20 * MINUTE, ramps: 3, arms: ['idle', 'loaded'], slowdown: 10 },
  },
  calibration: { gates: 100, gateBlocks: 10, percents: [0, 1, 2, 5, 10], how: 'delay' },
  vmImage: null,
  clientCpus: null,
  emulatedBlocks: 2,
  columns: { container: 'docker', vm: 'kvm' },
  instance: { cpus: 1, memory: 512 * 2 ** 20, diskCache: 'none', network: 'bridge' },
  accel: 'auto',
  startTimeout: 3 * MINUTE,
  stopTimeout: MINUTE,
  targetHalfWidth: 0.1,
  tune: false,
  delta: 0.05,
  seed: 1,
  state: '/var/lib/tare',
  out: 'runs',
} as const satisfies Partial<Config>;

/** What a profile says of the settings that have parts: only the parts that differ. */
type ProfileSettings = Partial<Omit<Config, 'throughput' | 'density' | 'calibration'>> & {
  readonly budget: number;
  readonly throughput?: Partial<Config['throughput']>;
  readonly density?: Partial<Config['density']>;
  readonly calibration?: Partial<Config['calibration']>;
};

/** What each profile adds: how long it may take and how much it wants to know. */
const PROFILES: Readonly<Record<Config['profile'], ProfileSettings>> = {
  smoke: {
    ...{ budget: 3 * MINUTE, pilotBlocks: 0, maxBlocks: 1, rampBlocks: 1, emulatedBlocks: 1 },
    throughput: { operationTime: 200, blocks: 1, emulated: 'all' },
    density: { containers: 4, vms: 2, ramps: 1, arms: ['idle'] },
    calibration: { gates: 1, gateBlocks: 6 },
  },
  quick: {
    ...{ budget: 13 * MINUTE, pilotBlocks: 3, maxBlocks: 24, rampBlocks: 6, emulatedBlocks: 1 },
    throughput: { operationTime: 300, blocks: 12 },
    density: { containers: 50, vms: 4, ramps: 6, arms: ['idle'] },
  },
  standard: { budget: 90 * MINUTE, pilotBlocks: 3, maxBlocks: 120, rampBlocks: 6 },
  paper: {
    ...{ budget: 480 * MINUTE, pilotBlocks: 3, maxBlocks: 400, rampBlocks: 12 },
    throughput: { operationTime: 5000, emulated: 'all' },
    density: { ramps: 6, rampTime: 60 * MINUTE, loaded: { containers: 1100, vms: 200 } },
  },
};

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly Config['profile'][];

/** Shorter than this, a ramp says little. */
const SHORTEST_RAMP = MINUTE;

/** A ramp is one block, which no budget cuts: a smaller budget than the profile's shortens it in proportion instead. */
function rampTimeWithin(
  budget: number,
  { profileBudget, profileRamp }: { profileBudget: number; profileRamp: number },
) {
  const scaled = Math.round((profileRamp * budget) / profileBudget);
  return Math.min(profileRamp, Math.max(SHORTEST_RAMP, scaled));
}

/** Fills in every default; what the file says wins over the profile. */
export function withDefaults(file: ConfigFile): Config {
  const profile = file.profile ?? 'quick';
  const given = Object.fromEntries(Object.entries(file).filter(([, value]) => value !== undefined));
  const settings = PROFILES[profile];
  const profileRamp = settings.density?.rampTime ?? COMMON.density.rampTime;
  const rampTime = rampTimeWithin(file.budget ?? settings.budget, { profileBudget: settings.budget, profileRamp });
  return {
    ...COMMON,
    ...settings,
    ...given,
    profile,
    throughput: { ...COMMON.throughput, ...settings.throughput, ...file.throughput },
    density: {
      ...{ ...COMMON.density, ...settings.density, rampTime, ...file.density },
      loaded: { ...COMMON.density.loaded, ...settings.density?.loaded, ...file.density?.loaded },
    },
    calibration: { ...COMMON.calibration, ...settings.calibration, ...file.calibration },
    columns: { ...COMMON.columns, ...file.columns },
    instance: { ...COMMON.instance, ...file.instance },
  } as Config;
}

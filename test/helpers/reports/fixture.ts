import type { JournalEvent } from '../../../bench/model/journal.ts';
import type { Manifest, ManifestRunner, PlannedExperiment } from '../../../bench/model/manifest.ts';
import type { Metric } from '../../../bench/model/metric.ts';
import type { ClaimResult, RatioToNative, Result } from '../../../bench/model/result.ts';
import type { Accelerator, Isolation } from '../../../bench/model/runner.ts';
import type { Gate } from '../../../bench/verdict/gate.ts';
import { deriveResult } from '../../../bench/verdict/result.ts';
import { CALIBRATIONS, calibrationEvents } from './calibration.ts';
import { cellsOf } from './cells.ts';
import { DENSITY, densityEvents } from './density.ts';
import { gateFixture } from './gate.ts';
import { FORMULA, HOSTILE } from './hostile.ts';
import { throughputEvents, throughputExperiments } from './throughput.ts';
import { randomFrom, sample, type Typical } from './sampling.ts';

export interface ReportFixture {
  readonly result: Result;
  readonly manifest: Manifest;
  readonly events: readonly JournalEvent[];
  readonly gate: Gate;
}

export interface FixtureOptions {
  /** What stands for the VM column. */
  readonly vm: 'kvm' | 'tcg';
  /** Put hostile texts wherever a host or an instance could. */
  readonly hostile: boolean;
}

const time = (id: string, title: string, primary = false): Metric => {
  return { id, title, unit: 'ns', better: 'lower', primary, assessableEmulated: false };
};
const size = (id: string, title: string): Metric => {
  return { id, title, unit: 'bytes', better: 'lower', primary: false, assessableEmulated: true };
};

const STARTUP: PlannedExperiment = {
  id: 'startup',
  workload: 'redis',
  metrics: [
    time('api', 'last launch command returned'),
    time('kernel', 'first byte on the serial console'),
    time('init', "first instruction of the guest's init"),
    time('exec', 'first instruction of the entry point'),
    time('ready', 'first valid answer of the application', true),
    time('cpu', 'CPU time of the start, daemons included'),
    time('stop', 'asked to end until gone'),
    time('kill', 'killed until gone'),
    time('channel', 'round trip of the mark channel'),
    time('first-write', 'a metric that no report knows'),
  ],
  pilotBlocks: 3,
  minimumBlocks: 8,
  frozen: { blocks: 12, reason: 'budget', needed: 31 },
};

const DISK: PlannedExperiment = {
  id: 'disk',
  workload: 'redis',
  metrics: [
    size('distribution', 'compressed bytes to ship'),
    size('image', 'allocated for the first instance, without its own data'),
    size('marginal-ready', 'added by each further instance, when ready'),
    size('marginal-data', 'added by each further instance, after a fixed data set was saved'),
  ],
  pilotBlocks: 0,
  minimumBlocks: 3,
  frozen: { blocks: 3, reason: 'profile', needed: null },
};

const MS = 1e6;
const MB = 1e6;

function startOf(api: number, exec: number, ready: number, cpu: number, stop: number, kill: number, channel: number) {
  const ns = { api, exec, ready, cpu, stop, kill, channel };
  return Object.fromEntries(Object.entries(ns).map(([metric, ms]) => [metric, ms * MS]));
}

function startups(vm: FixtureOptions['vm'], vmId: string): Typical {
  const slow = vm === 'tcg' ? 5 : 1;
  return {
    native: { ...startOf(3.1, 3.4, 38, 29, 4.2, 2.2, 0.06), 'first-write': 0.8 * MS },
    unshare: startOf(3.9, 4.4, 39.4, 31, 4.3, 2.4, 0.06),
    runc: startOf(82, 86, 118, 74, 11, 9, 0.07),
    nspawn: startOf(31, 29, 66, 60, 21, 14, 0.07),
    docker: startOf(742, 690, 812, 310, 240, 190, 0.07),
    lxc: startOf(51, 55, 93, 62, 33, 12, 0.08),
    [vmId]: {
      ...startOf(410, 1510 * slow, 1690 * slow, 1800 * slow, 900 * slow, 130, 0.9 * slow),
      kernel: 560 * slow * MS,
      init: 1180 * slow * MS,
    },
    null: { api: 1.9 * MS, exec: 2.1 * MS, ready: 2.2 * MS, channel: 0.05 * MS },
  };
}

function disks(vmId: string): Typical {
  const of = (distribution: number, image: number, ready: number, data: number) => {
    return {
      distribution: distribution * MB,
      image: image * MB,
      'marginal-ready': ready * MB,
      'marginal-data': data * MB,
    };
  };
  return {
    native: of(98.4, 311.5, 0, 12.4),
    runc: of(98.4, 311.5, 0.08, 12.5),
    docker: of(98.4, 317.2, 0.06, 12.5),
    lxc: of(98.4, 311.5, 0.08, 12.5),
    [vmId]: of(134.9, 402.7, 6.4, 29.8),
  };
}

function ratio(
  value: number | null,
  lo: number,
  hi: number | null,
  verdict: RatioToNative['verdict'],
  needs: number | null = null,
): RatioToNative {
  const smallestP = 2 ** -11;
  return {
    ...{ value, ci: { lo, hi, level: 0.9936 }, n: 12, withoutNative: 0, smallestP, verdict },
    ...{ beyondDelta: verdict === 'slower' && lo > 1.05, needsBlocks: needs },
  };
}

function ratios(vm: FixtureOptions['vm']): Readonly<Record<string, RatioToNative>> {
  return {
    unshare: ratio(1.021, 1.008, 1.036, 'equivalent'),
    runc: ratio(3.09, 2.91, 3.3, 'slower'),
    nspawn: ratio(1.06, 0.97, 1.21, 'not-resolved', 31),
    docker: ratio(21.6, 20.1, null, 'slower'),
    ...(vm === 'kvm' ? { 'kvm-direct': ratio(44.4, 42.8, 47.9, 'slower') } : {}),
  };
}

function runnerOf(as: string, title: string, isolation: Isolation, accelerator: Accelerator = 'none'): ManifestRunner {
  return {
    ...{ id: as === 'tcg-direct' ? 'kvm-direct' : as, as, title },
    capabilities: {
      isolation,
      accelerator,
      marks:
        isolation === 'vm'
          ? ['launched', 'api', 'kernel', 'init', 'exec', 'ready']
          : ['launched', 'api', 'exec', 'ready'],
      designed: isolation === 'vm' ? [{ limit: 'kernel', why: 'a guest boots a kernel of its own' }] : [],
    },
    versions: { [as === 'docker' ? 'docker' : 'program']: '20.10.24' },
    digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
  };
}

function claims(vm: FixtureOptions['vm'], vmId: string): readonly ClaimResult[] {
  const key = (runner: string, rest: string) => `${runner}/${rest}`;
  return [
    {
      id: 'startup',
      feature: { en: 'startup', zh: '启动' },
      halves: [
        {
          ...{ column: 'container', source: { en: 'seconds', zh: '秒级' }, verdict: 'holds' },
          ...{
            reason: { en: 'faster than claimed; 2 failed', zh: '比原文所说的更快；失败 2 次' },
            evidence: [key('docker', 'startup/redis/ready')],
            withoutMarked: {
              verdict: 'not-resolved',
              reason: { en: 'needs about 24 blocks', zh: '约需 24 个区组' },
            },
          },
        },
        {
          ...{ column: 'vm', source: { en: 'minutes', zh: '分钟级' } },
          ...(vm === 'kvm'
            ? { verdict: 'holds', reason: { en: 'faster than claimed', zh: '比原文所说的更快' } }
            : {
                verdict: 'not-assessable',
                reason: { en: 'emulated: no /dev/kvm was used', zh: '仿真：没有使用 /dev/kvm' },
              }),
          evidence: [key(vmId, 'startup/redis/ready')],
          withoutMarked: null,
        },
      ],
    },
    {
      id: 'disk',
      feature: { en: 'disk use', zh: '硬盘使用' },
      halves: [
        {
          ...{ column: 'container', source: { en: 'usually MB', zh: '一般为 MB' }, verdict: 'holds' },
          ...{
            reason: {
              en: 'in the class "MB"; beside it distribution 98.4 MB',
              zh: '属于“MB”这一级；此外 distribution 98.4 MB',
            },
          },
          evidence: [key('docker', 'disk/redis/image'), key('docker', 'disk/redis/distribution')],
          withoutMarked: null,
        },
        {
          ...{ column: 'vm', source: { en: 'usually GB', zh: '一般为 GB' }, verdict: 'does-not-hold' },
          reason: {
            en: 'smaller than claimed; the image is our minimal build, which cannot test what is usual',
            zh: '比原文所说的更小；镜像是我们自己的最小构建，不能说明一般情况',
          },
          evidence: [key(vmId, 'disk/redis/image')],
          withoutMarked: null,
        },
      ],
    },
  ];
}

/** Two failed starts of docker, every ramp of lxc, one instance of runc that would not go. */
function failureAt(hostile: boolean, experiment: 'startup' | 'disk') {
  const message = hostile ? HOSTILE : 'not ready 30000 ms after its launch';
  const metrics = ['api', 'exec', 'ready', 'cpu'];
  return (runner: string, block: number) => {
    if (experiment === 'startup' && runner === 'docker' && (block === 5 || block === 9)) {
      return { stage: 'start', code: 'MARK_TIMEOUT', message, metrics } as const;
    }
    if (experiment === 'startup' && runner === 'runc' && block === 1) {
      return {
        stage: 'clean',
        code: hostile ? FORMULA : 'STILL_MOUNTED',
        message: 'a mount was still there',
        metrics: [],
      } as const;
    }
    if (experiment === 'disk' && runner === 'lxc') {
      return {
        stage: 'measure',
        code: 'INSIDE_FAILED',
        message: '/bin/sync inside the instance ended with 1',
        metrics: ['marginal-ready', 'marginal-data'],
      } as const;
    }
    return null;
  };
}

const STEAL = "the hypervisor took 3.10% of the host's CPU time";

/** The guard that tripped in two measured blocks. */
function guardEvents(message: string): readonly JournalEvent[] {
  return [4, 11].map((block) => ({
    ...{ type: 'guard', experiment: 'startup', workload: 'redis', block, phase: 'measured', guard: 'steal' },
    ...{ tripped: true, value: 3.1, message },
  }));
}

/** A whole run as a report sees it; the same options give the same bytes. */
export function reportFixture(options: FixtureOptions): ReportFixture {
  const { vm, hostile } = options;
  const vmId = vm === 'kvm' ? 'kvm-direct' : 'tcg-direct';
  const text = (harmless: string) => (hostile ? `${harmless} ${HOSTILE}` : harmless);
  const runners = [
    runnerOf('native', 'native', 'none'),
    runnerOf('unshare', 'bare namespaces', 'container'),
    runnerOf('runc', 'runc', 'container'),
    runnerOf('nspawn', 'systemd-nspawn', 'container'),
    runnerOf('docker', 'Docker', 'container'),
    runnerOf('lxc', text('LXC'), 'container'),
    vm === 'kvm'
      ? runnerOf(vmId, 'KVM, kernel booted directly', 'vm', 'kvm')
      : runnerOf(vmId, 'QEMU TCG (emulated, not KVM)', 'vm', 'tcg'),
  ];
  const random = randomFrom(20260102);
  const throughput = throughputExperiments(hostile);
  const common = { random, pilotBlocks: 3, measuredBlocks: 12, spread: 0.09, firstInstance: 0 };
  const events: readonly JournalEvent[] = [
    ...sample({ ...common, experiment: STARTUP, typical: startups(vm, vmId), failure: failureAt(hostile, 'startup') }),
    ...guardEvents(text(STEAL)),
    { type: 'frozen', experiment: 'startup', workload: 'redis', blocks: 12, reason: 'budget', needed: 31 },
    ...sample({
      ...{ ...common, experiment: DISK, typical: disks(vmId), failure: failureAt(hostile, 'disk') },
      ...{ pilotBlocks: 0, measuredBlocks: 3, spread: 0.002, firstInstance: 120 },
    }),
    ...throughputEvents(throughput, vmId, random),
    ...densityEvents(vm, vmId, hostile, random),
    ...(vm === 'kvm' ? calibrationEvents(random) : []),
    { type: 'end', outcome: 'complete', message: '', at: '2026-01-02T03:14:05.000Z' },
  ];
  const host: Manifest['host'] = {
    ...{
      kernel: '6.18.5-amd64',
      distribution: 'Debian GNU/Linux 12 (bookworm)',
      cpuModel: text('AMD EPYC 7B13'),
      cpus: 2,
    },
    ...{ memoryBytes: 25_200_000_000, cgroup: 'v2', init: 'systemd', virtualised: vm === 'tcg', kvm: vm === 'kvm' },
    ...{ governor: null, smt: true, stateFileSystem: 'ext4' },
  };
  const manifest: Manifest = {
    schema: 1,
    ...{ runId: '20260102-030405-a1b2c3', tare: '0.1.0', startedAt: '2026-01-02T03:04:05.678Z', seed: 7 },
    config: {
      ...{
        profile: 'quick',
        runners: runners.map(({ id }) => id),
        experiments: ['startup', 'disk', 'throughput', 'density'],
        workload: 'redis',
      },
      ...{ instance: { cpus: 1, memory: 536_870_912 }, accel: 'auto', budget: 600_000, seed: 7, out: text('runs') },
    },
    host,
    image: {
      digest: `sha256:${'fedcba9876543210'.repeat(4)}`,
      packages: 143,
      createdAt: '2026-01-01T00:00:00Z',
      suite: 'bookworm',
    },
    runners,
    unavailable: [
      {
        id: 'crun',
        code: 'NO_CGROUP_V2',
        reason: text('crun needs cgroup v2'),
        hint: 'boot with systemd.unified_cgroup_hierarchy=1',
      },
    ],
    experiments: [STARTUP, DISK, ...throughput, DENSITY, ...(vm === 'kvm' ? CALIBRATIONS : [])],
    columns: { container: 'docker', vm: vmId },
    spec: { cpus: [1], memoryBytes: 536_870_912, diskCache: 'none', network: 'bridge', clientCpus: [0] },
    vmImage: 'our minimal build',
    workloadSettings: { redis: { save: '', appendonly: 'no', 'protected-mode': 'no' } },
    ...{ level: 0.9875, comparisons: 4, delta: 0.05 },
  };
  const own = ratios(vm);
  // These two by the real statistics and claims, and the others by hand.
  const derived = deriveResult({
    manifest: { ...manifest, experiments: manifest.experiments.slice(2) },
    events,
  });
  const cells = cellsOf([...runners.map(({ as }) => as), 'null'], [STARTUP, DISK], events, {
    status: (runner, metric) => {
      if (runner === 'lxc') return 'not-comparable';
      const isTime = STARTUP.metrics.some(({ id }) => id === metric);
      return runner === 'tcg-direct' && isTime ? 'emulated' : 'assessable';
    },
    ratio: (runner, metric) => (metric === 'ready' ? (own[runner] ?? null) : null),
    warnings: (runner, metric) =>
      runner === 'nspawn' && metric === 'ready'
        ? [{ en: text('values form two groups: no typical value exists'), zh: text('数值分成两群：没有典型值') }]
        : [],
  });
  const result: Result = {
    schema: 'tare-result-1',
    runId: manifest.runId,
    startedAt: manifest.startedAt,
    ...{ host, image: manifest.image, spec: manifest.spec, columns: manifest.columns },
    ...{ level: manifest.level, comparisons: manifest.comparisons, delta: manifest.delta },
    runners: runners.map((runner) => {
      const { isolation, accelerator } = runner.capabilities;
      return { ...runner, isolation, accel: accelerator };
    }),
    unavailable: manifest.unavailable,
    experiments: [
      { id: 'startup', workload: 'redis', blocks: 12, pilotBlocks: 3, frozen: STARTUP.frozen },
      { id: 'disk', workload: 'redis', blocks: 3, pilotBlocks: 0, frozen: DISK.frozen },
      ...derived.experiments,
    ],
    cells: [...cells, ...derived.cells],
    claims: [...claims(vm, vmId), ...derived.claims.filter(({ id }) => id === 'performance' || id === 'density')],
    ramps: derived.ramps,
    calibration: derived.calibration,
    differences: [
      {
        runner: vmId,
        limit: 'kernel',
        expected: host.kernel,
        actual: '6.12.30-cloud-amd64',
        designed: 'a guest boots a kernel of its own',
      },
      { runner: 'lxc', limit: 'memoryBytes', expected: '536870912', actual: text('not readable'), designed: null },
    ],
    guards: [
      {
        guard: 'steal',
        experiment: 'startup',
        workload: 'redis',
        blocks: 15,
        tripped: 2,
        message: text(STEAL),
      },
      {
        ...{ guard: 'swap', experiment: 'startup', workload: 'redis', blocks: 15, tripped: 0 },
        message: 'nothing was swapped',
      },
      {
        ...{ guard: 'clock-inside', experiment: 'throughput', workload: 'redis', runner: 'docker', blocks: 12 },
        ...{
          tripped: 1,
          message:
            "the clock inside and the host's differ by 9.60 ms over 300.00 ms, allowed 6.00 ms; worst of 4 (jitter 0.30 ms)",
        },
      },
    ],
    failures: [
      {
        ...{
          runner: 'docker',
          experiment: 'startup',
          workload: 'redis',
          phase: 'measured',
          stage: 'start',
          code: 'MARK_TIMEOUT',
        },
        ...{ message: hostile ? HOSTILE : 'not ready 30000 ms after its launch', count: 2 },
      },
      {
        ...{
          runner: 'runc',
          experiment: 'startup',
          workload: 'redis',
          phase: 'pilot',
          stage: 'clean',
          code: hostile ? FORMULA : 'STILL_MOUNTED',
        },
        ...{ message: 'a mount was still there', count: 1 },
      },
      {
        ...{
          runner: 'lxc',
          experiment: 'disk',
          workload: 'redis',
          phase: 'measured',
          stage: 'measure',
          code: 'INSIDE_FAILED',
        },
        ...{ message: '/bin/sync inside the instance ended with 1', count: 3 },
      },
    ],
    outcome: 'complete',
  };
  return { result, manifest, events, gate: gateFixture(text('HEAD~1:lab.yaml')) };
}

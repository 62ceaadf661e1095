import { z } from 'zod';
import { MARK_NAMES } from '../bench/model/mark.ts';
import type { Unit } from '../bench/model/metric.ts';
import type { EffectiveLimits } from '../bench/model/runner.ts';

/** The form of `result.json`, one object after the other; unknown keys are refused. */

const text = z.string();
const count = z.int().nonnegative();
const number = z.number();
const bytes = z.int().nonnegative();
const phase = z.enum(['pilot', 'measured']);
/** Any text, and so is the type `Unit`, though it names the known ones. */
const unit: z.ZodType<Unit> = text.describe(
  'ns, bytes, B/s, 1/s (operations per second), count, or what a workload of a user’s own says',
);
const bothLanguages = z.strictObject({ en: text, zh: text });

/** Every field of `EffectiveLimits`; the compiler refuses a list with one missing. */
const LIMITS = {
  cpus: true,
  memoryBytes: true,
  swapBytes: true,
  cpuQuota: true,
  seccomp: true,
  capabilities: true,
  apparmor: true,
  vcpus: true,
  emulatorCpus: true,
  diskCache: true,
  accelerator: true,
  kernel: true,
  hugePages: true,
} as const satisfies Record<keyof EffectiveLimits, true>;

const interval = z
  .strictObject({
    lo: number.nullable().describe('null: no finite bound on this side, because of failures'),
    hi: number.nullable().describe('null: no finite bound on this side, because of failures'),
    level: number.describe('what n blocks really attain, 0 to 1'),
  })
  .describe('from order statistics (the exact sign test)');

const ratioToNative = z
  .strictObject({
    value: number
      .nullable()
      .describe('exp of the median of ln(runner / native), block by block; null where failures reach it'),
    ci: interval.nullable(),
    n: count.describe('blocks with a ratio'),
    withoutNative: count.describe('blocks in which native itself failed'),
    smallestP: number.describe('the smallest two-sided p that n blocks can give'),
    verdict: z.enum(['equivalent', 'faster', 'slower', 'not-resolved']),
    beyondDelta: z.boolean().describe('whether the whole interval lies beyond the equivalence margin'),
    needsBlocks: count.nullable().describe('for not-resolved: about how many blocks it would need'),
  })
  .describe('a runner against native');

const cell = z.strictObject({
  key: text.describe('runner/experiment/workload/metric'),
  runner: text,
  experiment: text,
  workload: text,
  metric: text,
  title: text,
  unit,
  better: z.enum(['lower', 'higher']),
  primary: z.boolean(),
  n: count.describe('blocks with a value'),
  failures: count.describe('blocks that should have a value and have none'),
  median: number.nullable().describe('null: no value, or a failure lies in the middle'),
  ci: interval.nullable(),
  min: number.nullable(),
  max: number.nullable(),
  tails: z.array(
    z
      .strictObject({
        p: number.describe('0.95 and 0.99; 0.05 and 0.01 where higher is better'),
        value: number.nullable().describe('null: too few blocks, or failures reach it'),
        ci: interval.nullable(),
        needsBlocks: count.describe('the fewest blocks with which there is an interval'),
      })
      .describe('a quantile towards what is worse'),
  ),
  scatter: z
    .strictObject({
      operation: number.nullable().describe('between operations of one start; null where none has several'),
      restart: number.nullable().describe('between starts; null for fewer than two'),
    })
    .nullable()
    .describe('standard deviations on the log scale: 0.01 is about 1%; null where a value has no logarithm'),
  status: z
    .enum(['assessable', 'emulated', 'not-comparable', 'no-data'])
    .describe('emulated values have neither ratio nor verdict; not-comparable: an undeclared difference was read back'),
  ratioToNative: ratioToNative.nullable(),
  ratioToContainer: ratioToNative
    .nullable()
    .describe('of a VM: against the runner of the container column, which stands for native in every field; else null'),
  withoutMarked: z
    .strictObject({ n: count, median: number.nullable(), ratioToNative: ratioToNative.nullable() })
    .nullable()
    .describe('without the blocks in which a guard tripped; null where there is none'),
  warnings: z.array(bothLanguages),
});

const claimVerdict = z.enum(['holds', 'does-not-hold', 'not-resolved', 'not-assessable']);

const claim = z.strictObject({
  id: text,
  feature: bothLanguages,
  halves: z.array(
    z.strictObject({
      column: z.enum(['container', 'vm']),
      source: bothLanguages.describe('the cell of the source, as it stands'),
      verdict: claimVerdict,
      reason: bothLanguages,
      evidence: z.array(text).describe('keys of cells'),
      withoutMarked: z
        .strictObject({ verdict: claimVerdict, reason: bothLanguages })
        .nullable()
        .describe('without the blocks in which a guard tripped; null where none of the evidence was marked'),
    }),
  ),
});

const host = z.strictObject({
  kernel: text,
  distribution: text,
  cpuModel: text.nullable(),
  cpus: count,
  memoryBytes: bytes,
  cgroup: z.enum(['v1', 'v2', 'hybrid', 'none']),
  init: text,
  virtualised: z.boolean(),
  kvm: z.boolean(),
  governor: text.nullable(),
  smt: z.boolean().nullable(),
  stateFileSystem: text,
});

const capabilities = z.strictObject({
  isolation: z.enum(['none', 'container', 'sandbox', 'vm']),
  accelerator: z.enum(['none', 'kvm', 'tcg']),
  marks: z.array(z.enum(MARK_NAMES)).describe('the named points of a start that the runner really observes'),
  designed: z.array(z.strictObject({ limit: z.enum(keysOf(LIMITS)), why: text })),
  nested: z.exactOptional(z.boolean()).describe('whether KVM itself runs inside a VM'),
});

const runner = z.strictObject({
  id: text,
  as: text.describe('the id of its cells'),
  title: text,
  capabilities,
  versions: z.record(text, text),
  digest: text.describe('identity of what it starts for the first workload'),
  digests: z.exactOptional(z.record(text, text)).describe('the same by workload'),
  options: z
    .exactOptional(z.record(text, z.union([text, z.number(), z.boolean()])))
    .describe("the runner's own options with their values"),
  module: z
    .exactOptional(z.strictObject({ use: text, version: text.nullable() }))
    .describe("where a runner that is not tare's own comes from"),
  baselineOf: z.exactOptional(text).describe('the runner whose baseline it is, with another configuration'),
  isolation: text,
  accel: text,
});

const experiment = z.strictObject({
  id: text,
  workload: text,
  blocks: count,
  pilotBlocks: count.describe('kept, and excluded from every cell'),
  frozen: z.strictObject({ blocks: count, reason: text, needed: count.nullable() }).nullable(),
});

const rampStep = z.strictObject({
  arm: text.describe('idle or loaded'),
  launched: count.describe('instances whose start was tried so far'),
  ready: count,
  alive: count.describe('instances that answered at this step'),
  usedBytes: z.int().describe('memory of the host in use, less what was in use before the first start'),
  availableBytes: bytes,
  startNs: number.nullable().describe('median of the starts of this step; null where none became ready'),
  stop: z.strictObject({ rule: text, message: text }).nullable().describe('the rule that ended the ramp at this step'),
});

const ramp = z.strictObject({
  runner: text,
  workload: text,
  block: count,
  arm: text,
  steps: z.array(rampStep),
});

const calibrationRate = z
  .strictObject({
    ...{ experiment: text, workload: text, runner: text },
    arm: text.describe('held against the first arm of the same runner'),
    injected: number.nullable().describe('share of a start that was really injected; null where nothing was'),
    gates: count.describe('comparisons'),
    gateBlocks: count.describe('blocks of each'),
    claimed: count.describe('called different; slower, where something was injected'),
    wrong: count.describe('claims that were wrong'),
    ci: interval,
  })
  .describe('how often a runner was found to differ from itself');

const guard = z.strictObject({
  guard: text,
  experiment: text,
  workload: text,
  runner: z.exactOptional(text).describe("set where only this runner's values are doubtful"),
  blocks: count,
  tripped: count,
  message: text,
});

const failure = z.strictObject({
  ...{ runner: text, experiment: text, workload: text, phase, stage: text, code: text, message: text, count },
});

const unavailable = z.strictObject({
  ...{ id: text, code: text, reason: text, hint: text },
  workload: z.exactOptional(text).describe('set where only this workload could not be prepared'),
});

export const resultSchema = z
  .strictObject({
    schema: z.literal('tare-result-1'),
    runId: text,
    startedAt: text.describe('RFC 3339, UTC'),
    host,
    image: z.strictObject({
      ...{ digest: text, packages: count, createdAt: text, suite: text },
      flavours: z.exactOptional(z.record(text, text)).describe('digests of the images built on it, by name'),
    }),
    spec: z.strictObject({
      cpus: z.array(count),
      memoryBytes: bytes,
      diskCache: z.enum(['none', 'writeback']),
      network: z.enum(['bridge', 'none']),
      clientCpus: z.array(count),
    }),
    columns: z.strictObject({ container: text.nullable(), vm: text.nullable() }),
    level: number.describe('asked of every interval: 1 − 0.05 / comparisons'),
    comparisons: count.describe('the number of primary comparisons'),
    delta: number.describe('ratios within ± delta are equivalent'),
    runners: z.array(runner),
    unavailable: z.array(unavailable),
    experiments: z.array(experiment),
    cells: z.array(cell),
    claims: z.array(claim),
    differences: z.array(
      z.strictObject({ runner: text, limit: text, expected: text, actual: text, designed: text.nullable() }),
    ),
    ramps: z.array(ramp),
    calibration: z.array(calibrationRate),
    guards: z.array(guard),
    failures: z.array(failure),
    outcome: z
      .enum(['complete', 'interrupted', 'failed', 'cut'])
      .describe('cut: the journal has no end, the run was killed'),
  })
  .describe('What one run of tare found: derived from its manifest and journal alone. Times in ns, sizes in bytes.');

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(record) as Key[];
}

import { takeOwnership } from '../../bench/cli/ownership.ts';
import { withDefaults } from '../../bench/config/profiles.ts';
import { densityExperiment } from '../../bench/experiments/density.ts';
import type { InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import type { Workload } from '../../bench/model/workload.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { nativeRunner } from '../../runners/native/index.ts';
import { theImage } from './probe-box.ts';
import { rampSubject } from './ramp.ts';

/**
 * A ramp of native instances that behave until the sixth of them is there, and then all grow at once by hundreds of megabytes a
 * second; prints what was journalled as JSON. To be run in a limited cgroup, which its instances inherit.
 *
 *   node test/helpers/growing-ramp.ts STATE
 */

const PAUSE = 'select(undef, undef, undef, 0.02)';
/** Native instances see each other's folders. */
const GROW = `my @a; ${PAUSE} until -e "/tare/i5"; for (1..256) { push @a, "x" x (4 << 20); ${PAUSE} } sleep 600`;

const growing: Workload = {
  ...redis,
  id: 'growing',
  entry: {
    workload: 'growing',
    defaultPort: 6379,
    argv: () => ['/usr/bin/perl', '-e', GROW],
    ready: ({ port }) => ({ protocol: 'none', port }),
  },
};

const [, , stateDir = ''] = process.argv;
const { signal } = new AbortController();
await using ownership = takeOwnership(stateDir, signal);
const { owner, runDir } = ownership;
const run: RunContext = { owner, stateDir, runDir, accel: 'auto', signal, startTimeoutMs: 30_000 };
const spec: InstanceSpec = {
  ...{ image: await theImage(), entry: growing.entry, cpus: [1], clientCpus: [0], memoryBytes: 2 ** 28 },
  ...{ diskCache: 'none', network: 'none' },
};
const support = await nativeRunner.probe({ stateDir, accel: 'auto', signal });
if (!support.ok) throw new Error(support.reason);
await using prepared = await nativeRunner.prepare(spec, run);
const { capabilities } = support;
const { subject, journalled } = rampSubject({ prepared, workload: growing, capabilities, run });
const defaults = withDefaults({});
const density = { ...defaults.density, containers: 64, arms: ['idle'] as const };
await densityExperiment({ config: { ...defaults, density, state: stateDir }, workload: growing }).measure(subject);
console.log(JSON.stringify(journalled));

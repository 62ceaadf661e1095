import { takeOwnership } from '../../bench/cli/ownership.ts';
import { withDefaults } from '../../bench/config/profiles.ts';
import { densityExperiment } from '../../bench/experiments/density.ts';
import { allowedCpus, spreadOf } from '../../bench/host/cpus.ts';
import { buildImage } from '../../bench/image/build.ts';
import type { Instance, InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { builtIn } from '../../runners/registry.ts';
import { rampSubject } from '../helpers/ramp.ts';

/**
 * One ramp for real, as high as asked or as the rules allow, and how long each part of it takes. Not part of the tests: it
 * takes minutes and most of the host's memory.
 *
 *   node test/scale/density.ts [RUNNER] [CEILING] [idle|loaded] [STATE]
 */

/** Where the image is, whatever other state folder is used. */
const IMAGES = '/var/lib/tare';
const [, , runnerId = 'runc', ceiling = '1100', arm = 'idle', stateDir = IMAGES] = process.argv;

function seconds(sinceMs: number): string {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** From the first question of a round to its last answer. */
const asked = { firstMs: 0, lastMs: 0, count: 0 };

/** The same instance, whose questions are timed together. */
function timed(instance: Instance): Instance {
  const ping = instance.ping.bind(instance);
  return Object.defineProperty(instance, 'ping', {
    value: async (timeoutMs: number) => {
      if (asked.count === 0) asked.firstMs = performance.now();
      asked.count += 1;
      const ns = await ping(timeoutMs);
      asked.lastMs = performance.now();
      return ns;
    },
  });
}

const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
const { signal } = abort;
await using ownership = takeOwnership(stateDir, signal);
const image = await buildImage({ stateDir: IMAGES, signal, onProgress: () => {} });
const { owner, runDir } = ownership;
const run: RunContext = { owner, stateDir, runDir, accel: 'auto', signal, startTimeoutMs: 120_000 };
const defaults = withDefaults({});
const cpus = allowedCpus().slice(-1);
const spec: InstanceSpec = {
  ...{ image, entry: redis.entry, cpus, clientCpus: cpus, memoryBytes: defaults.instance.memory },
  ...{ diskCache: 'none', network: 'bridge' },
};
const runner = builtIn(runnerId);
const support = await runner?.probe({ stateDir, accel: 'auto', signal });
if (!runner || !support?.ok) throw new Error(`${runnerId} cannot run here`);
await using prepared = await runner.prepare(spec, run);
const { capabilities } = support;
const spread = spreadOf(1, allowedCpus());
const { subject, journalled } = rampSubject({ prepared, workload: redis, capabilities, run, spread, adapt: timed });
const density = {
  ...defaults.density,
  ...{ containers: Number(ceiling), vms: Number(ceiling), arms: [arm === 'loaded' ? 'loaded' : 'idle'] as const },
};
const experiment = densityExperiment({ config: { ...defaults, density, state: stateDir }, workload: redis });
const beganMs = performance.now();
let endedMs = beganMs;
await experiment.measure({
  ...subject,
  ramp: (step) => {
    endedMs = performance.now();
    const { launched, ready, alive, usedBytes, startNs, stop } = step;
    const used = `${(usedBytes / 2 ** 20).toFixed(0)} MiB`;
    const start = startNs === null ? '-' : `${(startNs / 1e6).toFixed(0)} ms`;
    const round = `${asked.count} asked in ${((asked.lastMs - asked.firstMs) / 1000).toFixed(2)} s`;
    console.log(
      `${seconds(beganMs)}: ${launched} launched, ${ready} ready, ${alive} alive; ${used}; start ${start}; ${round}`,
    );
    if (stop) console.log(`stopped by ${stop.rule}: ${stop.message}`);
    asked.count = 0;
    subject.ramp(step);
  },
});
console.log(`taken away in ${seconds(endedMs)}`);
console.log(journalled.values, journalled.guards, journalled.failures);

import { mkdirSync } from 'node:fs';
import test from 'ava';
import { takeOwnership } from '../../bench/cli/ownership.ts';
import { chooseCpus } from '../../bench/host/cpus.ts';
import { buildImage } from '../../bench/image/build.ts';
import type { RunContext } from '../../bench/model/runner.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { CONTRACT } from '../../runners/contract.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { leftovers } from '../helpers/leftovers.ts';

const STATE = '/var/lib/tare';

for (const runner of RUNNERS) {
  for (const rule of CONTRACT) {
    test.serial(`${runner.id}: ${rule.name}`, async (t) => {
      t.timeout(300_000);
      const { signal } = new AbortController();
      await using ownership = takeOwnership(STATE, signal);
      const { owner, runDir } = ownership;
      mkdirSync(runDir, { recursive: true });
      const image = await buildImage({ stateDir: STATE, signal, onProgress: () => {} });
      const run: RunContext = { owner, stateDir: STATE, runDir, accel: 'auto', signal, startTimeoutMs: 120_000 };
      const memoryBytes = 256 * 2 ** 20;
      const spec = {
        image,
        entry: redis.entry,
        cpus: chooseCpus(1),
        memoryBytes,
        diskCache: 'none',
        network: 'bridge',
      } as const;
      await t.notThrowsAsync(rule.check({ runner, spec, run }));
    });
  }
}

test.serial.after.always('the conformance suite leaves nothing', async (t) => {
  t.deepEqual(
    (await leftovers(STATE)).filter((name) => !name.includes('reaper')),
    [],
  );
});

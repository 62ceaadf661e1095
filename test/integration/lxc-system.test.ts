import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { StartError } from '../../bench/errors.ts';
import { lxcSystem } from '../../runners/lxc-system/index.ts';
import { STATE } from '../helpers/probe-box.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const EXEC = { timeoutMs: 20_000 };

test.serial('a container’s whole system starts through every phase, runs well, and halts in order', async (t) => {
  const { spec, run, sweep } = await realRun(t);
  // With the tree that other tests use as well.
  await using prepared = await lxcSystem.prepare(spec, { ...run, stateDir: STATE });
  await using instance = await prepared.start(run, 0);
  t.deepEqual(
    instance.marks.map(({ name }) => name),
    ['launched', 'api', 'init', 'exec', 'ready'],
  );
  const inside = async (...argv: readonly string[]) => (await instance.exec(argv, EXEC)).stdout.trim();
  t.is(await inside('/usr/bin/redis-cli', 'PING'), 'PONG');
  t.regex(await inside('/bin/readlink', '/proc/1/exe'), /systemd$/);
  t.is(await inside('/bin/systemctl', 'is-system-running', '--wait'), 'running');
  t.is(await inside('/bin/systemctl', 'list-units', '--failed', '--plain', '--no-legend'), '');
  t.is(await inside('/bin/systemctl', 'is-active', 'tare-workload.service'), 'active');
  // The image's own, which nothing had to make up at the boot.
  t.is(await inside('/bin/cat', '/etc/machine-id'), spec.image.manifest.digest.slice(7, 39));
  const limits = await instance.describe();
  t.deepEqual([limits.cpus, limits.memoryBytes, limits.swapBytes, limits.seccomp], [spec.cpus, spec.memoryBytes, 0, 2]);
  const support = await lxcSystem.probe(run);
  const designed = support.ok ? support.capabilities.designed.map(({ limit }) => limit) : [];
  t.true(designed.includes('capabilities') && limits.capabilities !== '00000000a80425fb');
  t.true(((await instance.cpuNs()) ?? 0) > 0);

  // Generators run again; what they said once they do not say twice.
  await inside('/bin/systemctl', 'daemon-reload');
  t.true((await instance.ping(10_000)) > 0);

  const folder = instance.diskPaths()[0] ?? '';
  t.false((await instance.end('stop', 60_000)).timedOut);
  t.regex(readFileSync(join(folder, 'console.log'), 'utf8'), /Halting system/);
  t.regex(readFileSync(join(folder, 'output.log'), 'utf8'), /ready to exit/);
  await instance[Symbol.asyncDispose]();
  await prepared[Symbol.asyncDispose]();
  t.deepEqual(await sweep(lxcSystem, true), []);
});

test.serial(
  'a workload that fails is noticed at once, with what it wrote, its words as they were, and nothing left',
  async (t) => {
    const argv = ['/bin/sh', '-c', 'printf "<%s>" "$@"; exit 3', 'name', '', 'a b', '$HOME %n "q" \\ ;', ';'];
    const { spec, run, sweep } = await realRun(t, { entry: entryOf(argv) });
    await using prepared = await lxcSystem.prepare(spec, { ...run, stateDir: STATE });
    const before = await sweep(lxcSystem, true);
    const error = await t.throwsAsync(prepared.start(run, 0), { instanceOf: StartError });
    t.is(error?.code, 'WORKLOAD_EXITED');
    t.is(error?.logs['output.log'], '<><a b><$HOME %n "q" \\ ;><;>');
    t.deepEqual(
      error?.marks.map(({ name }) => name),
      ['launched', 'api', 'init', 'exec'],
    );
    t.deepEqual(await sweep(lxcSystem, true), before);
  },
);

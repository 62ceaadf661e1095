import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import type { JournalEvent } from '../../bench/model/journal.ts';
import type { Gate } from '../../bench/verdict/gate.ts';
import { leftovers } from '../helpers/leftovers.ts';
import { onlyBundle, tare } from '../helpers/tare.ts';

const RUNNERS = ['native', 'runc'];
const SETTINGS = `profile: smoke\nexperiments: [startup]\nrunners: [${RUNNERS.join(', ')}]\nmaxBlocks: 2\n`;

/** A repository whose configuration was committed with one size and stands there with another. */
async function lab(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'lab.yaml');
  const git = (...words: readonly string[]) =>
    execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], { cwd: folder });
  await git('init', '--quiet');
  writeFileSync(config, `${SETTINGS}instance: {memory: 256MiB}\n`);
  await git('add', 'lab.yaml');
  await git('commit', '--quiet', '--message', 'before');
  writeFileSync(config, `${SETTINGS}instance: {memory: 384MiB}\n`);
  return { folder, config };
}

test.serial('two configurations are started in the same blocks, each with its own size, and compared', async (t) => {
  const { folder, config } = await lab(t);
  const out = join(folder, 'runs');
  const before = join(folder, 'before.yaml');
  writeFileSync(before, (await execa('git', ['show', 'HEAD:lab.yaml'], { cwd: folder })).stdout);
  const run = await tare(['run', '--config', config, '--against', before, '--json', '--out', out]);
  t.is(run.exitCode, 0, run.all);
  const gate = JSON.parse(run.stdout) as Gate;
  // Two blocks tell nothing, and are never called a pass.
  t.like(gate, { verdict: 'not-resolved', paired: true, a: { runId: before } });
  t.deepEqual(
    gate.cells.map(({ key }) => key),
    ['runc/startup/redis/ready'],
  );
  const bundle = onlyBundle(out);
  const journal = readFileSync(join(bundle, 'journal.ndjson'), 'utf8').trim().split('\n');
  const events = journal.map((line) => JSON.parse(line) as JournalEvent);
  const sizes = new Map(
    events.flatMap((event) => (event.type === 'limits' ? [[event.runner, event.limits.memoryBytes]] : [])),
  );
  t.is(sizes.get('runc'), 384 * 2 ** 20);
  t.is(sizes.get('runc-baseline'), 256 * 2 ** 20);
  const orders = events.flatMap((event) => (event.type === 'block' ? [event.order.toSorted()] : []));
  t.is(orders.length, 2);
  for (const order of orders) t.deepEqual(order, [...RUNNERS, ...RUNNERS.map((id) => `${id}-baseline`)].toSorted());
  const again = await tare(['compare', bundle, '--format', 'md']);
  t.is(again.exitCode, 0, again.all);
  t.regex(again.stdout, /not resolved/);
  t.deepEqual(await leftovers('/var/lib/tare'), []);
});

test.serial('a file of a revision is read; one that measures something else is refused by name', async (t) => {
  const { folder, config } = await lab(t);
  const run = (...words: readonly string[]) =>
    execa(process.execPath, [join(import.meta.dirname, '../../bench/main.ts'), 'run', '--dry-run', ...words], {
      ...{ cwd: folder, reject: false, all: true },
    });
  t.is((await run('--config', config, '--against', 'HEAD:lab.yaml')).exitCode, 0);
  const missing = await run('--config', config, '--against', 'HEAD:other.yaml');
  t.is(missing.exitCode, 2, missing.all);
  t.regex(missing.all, /HEAD:other\.yaml is neither a file nor one of a revision/);
  writeFileSync(config, `${SETTINGS}delta: 0.02\n`);
  const unlike = await run('--config', config, '--against', 'HEAD:lab.yaml');
  t.is(unlike.exitCode, 2, unlike.all);
  t.regex(unlike.all, /it differs in delta/);
});

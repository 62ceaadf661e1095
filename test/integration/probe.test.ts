import { readFileSync } from 'node:fs';
import test from 'ava';
import { redis } from '../../bench/workloads/redis.ts';
import { delay, waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { answeringServer, freePort, startUnderProbe, theImage } from '../helpers/probe-box.ts';

const PATIENCE_MS = 30_000;
const sleep = ['/bin/sleep', '600'];

/** Children of a process, each as its state and command line. */
function children(pid: number): readonly string[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return pids
    .filter((child) => child !== '')
    .map((child) => {
      const stat = readFileSync(`/proc/${child}/stat`, 'utf8');
      const commandLine = readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return `${stat.slice(stat.lastIndexOf(')') + 2)[0]} ${commandLine}`;
    });
}

function wakeUps(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test.serial('Redis from the tree says exec and ready, answers pings, and ends on SIGTERM', async (t) => {
  const port = await freePort();
  const argv = redis.entry.argv({ dataDir: '/tare/data', listen: '127.0.0.1', port });
  const { channel, process } = await startUnderProbe(t, `redis:127.0.0.1:${port}`, argv);
  const execNs = await channel.waitFor('exec', PATIENCE_MS);
  const readyNs = await channel.waitFor('ready', PATIENCE_MS);
  t.true(execNs >= process.startedNs);
  t.true(readyNs > execNs);
  t.true((await channel.ping(PATIENCE_MS)) > 0);
  t.true((await channel.ping(PATIENCE_MS)) > 0);
  const { tree } = await theImage();
  const { stdout } = await exec(['chroot', tree, '/usr/bin/redis-cli', '-p', String(port), 'PING']);
  t.is(stdout, 'PONG\n');
  globalThis.process.kill(process.pid, 'SIGTERM');
  t.like(await process.ended, { exitCode: 0 });
  t.true(await waitUntil(() => channel.exitStatus === '0', { timeoutMs: PATIENCE_MS }));
  t.is(channel.fault, undefined);
});

test.serial('memcached from the tree becomes ready too', async (t) => {
  const port = await freePort();
  const argv = ['/usr/bin/memcached', '-u', 'root', '-l', '127.0.0.1', '-p', String(port)];
  const { channel } = await startUnderProbe(t, `memcached:127.0.0.1:${port}`, argv);
  t.true((await channel.waitFor('ready', PATIENCE_MS)) > 0n);
});

test.serial('with nothing to ask, ready follows the start at once', async (t) => {
  const { channel } = await startUnderProbe(t, 'none', sleep);
  t.true((await channel.waitFor('ready', PATIENCE_MS)) >= (await channel.waitFor('exec', PATIENCE_MS)));
});

test.serial('a workload that ends early is told with its code, and is never ready', async (t) => {
  const port = await freePort();
  const { channel, process } = await startUnderProbe(t, `redis:127.0.0.1:${port}`, ['/bin/sh', '-c', 'exit 3']);
  await t.throwsAsync(channel.waitFor('ready', PATIENCE_MS), { code: 'WORKLOAD_EXITED' });
  t.is(channel.exitStatus, '3');
  t.like(await process.ended, { exitCode: 3 });
});

test.serial('a workload that dies of a signal is told by its name', async (t) => {
  const { channel, process } = await startUnderProbe(t, 'none', ['/bin/sh', '-c', 'sleep 0.1; kill -SEGV $$']);
  t.like(await process.ended, { exitCode: 139 });
  t.true(await waitUntil(() => channel.exitStatus === 'SIGSEGV', { timeoutMs: PATIENCE_MS }));
});

test.serial('a program that is not there ends with 127 and is never called ready', async (t) => {
  const { channel, process } = await startUnderProbe(t, 'none', ['/no/such/program']);
  const { exitCode, output } = await process.ended;
  t.is(exitCode, 127);
  t.regex(output, /cannot execute \/no\/such\/program: No such file/);
  t.true(await waitUntil(() => channel.exitStatus === '127', { timeoutMs: PATIENCE_MS }));
  t.is(channel.at('ready'), undefined);
  t.truthy(channel.at('exec'));
});

test.serial(
  'an answer that is not the right one is asked again, and an answer in pieces is put together',
  async (t) => {
    const loading = ['-LOADING Redis is loading the dataset in memory\r\n'];
    const { port, questions } = await answeringServer(t, [loading, loading, ['+PO', 'NG\r\n']]);
    const { channel } = await startUnderProbe(t, `redis:127.0.0.1:${port}`, sleep);
    await channel.waitFor('ready', PATIENCE_MS);
    t.deepEqual(questions, ['PING\r\n', 'PING\r\n', 'PING\r\n']);
  },
);

test.serial('memcached is asked for its version', async (t) => {
  const { port, questions } = await answeringServer(t, [['ERROR\r\n'], ['VERSION 1.6.18\r\n']]);
  const { channel } = await startUnderProbe(t, `memcached:127.0.0.1:${port}`, sleep);
  await channel.waitFor('ready', PATIENCE_MS);
  t.deepEqual(questions, ['version\r\n', 'version\r\n']);
});

test.serial('a server that accepts and stays silent is not ready, and pings are answered meanwhile', async (t) => {
  const { port, questions } = await answeringServer(t, [[]]);
  const { channel } = await startUnderProbe(t, `redis:127.0.0.1:${port}`, sleep);
  t.true(await waitUntil(() => questions.length > 0, { timeoutMs: PATIENCE_MS }));
  t.true((await channel.ping(PATIENCE_MS)) > 0);
  t.is(channel.at('ready'), undefined);
});

test.serial('orphans of the workload are reaped, and the probe sleeps while nothing happens', async (t) => {
  // The shell turns into the last sleep only after its orphans have ended.
  const orphans = 'for i in 1 2 3; do (sleep 0.1 &); done; sleep 0.3; exec sleep 600';
  const { channel, process } = await startUnderProbe(t, 'none', ['/bin/sh', '-c', orphans]);
  await channel.waitFor('ready', PATIENCE_MS);
  const settled = () => children(process.pid).includes('S sleep 600');
  t.true(await waitUntil(settled, { timeoutMs: PATIENCE_MS, everyMs: 20 }));
  t.deepEqual(children(process.pid), ['S sleep 600']);
  const before = wakeUps(process.pid);
  await delay(200);
  t.is(wakeUps(process.pid), before);
});

test.serial('SIGINT and SIGHUP reach the workload as well', async (t) => {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) {
    const script = `trap 'exit 42' ${signal.slice(3)}; while :; do sleep 0.05; done`;
    const { channel, process } = await startUnderProbe(t, 'none', ['/bin/sh', '-c', script]);
    await channel.waitFor('ready', PATIENCE_MS);
    await delay(100);
    globalThis.process.kill(process.pid, signal);
    t.like(await process.ended, { exitCode: 42 });
  }
});

test.serial('garbage on the command channel is ignored', async (t) => {
  const { channel, process } = await startUnderProbe(t, 'none', sleep);
  await channel.waitFor('ready', PATIENCE_MS);
  const fifo = `/proc/${process.pid}/root/tare/commands.fifo`;
  for (const text of ['ping\n', 'ping x\n', `${'y'.repeat(5000)}\n`, 'ping 1234567890\n', '\n\n']) {
    await exec(['tee', fifo], { input: text, maxBytes: 16_384 });
  }
  t.true((await channel.ping(PATIENCE_MS)) > 0);
  t.is(channel.fault, undefined);
});

test.serial('a wrong call ends with 125 and says why', async (t) => {
  const { tree } = await theImage();
  const calls: readonly (readonly string[])[] = [
    [],
    ['--marks', '/dev/null', '--commands', '/dev/null', '--ready', 'http:127.0.0.1:80', '--', '/bin/true'],
    ['--marks', '/dev/null', '--commands', '/dev/null', '--ready', 'redis:localhost:80', '--', '/bin/true'],
    ['--marks', '/dev/null', '--commands', '/dev/null', '--ready', 'redis:127.0.0.1:0', '--', '/bin/true'],
    ['--marks', '/no/such/fifo', '--commands', '/dev/null', '--ready', 'none', '--', '/bin/true'],
    ['--ready', 'none', '--', '/bin/true'],
  ];
  for (const call of calls) {
    const { exitCode, stderr } = await exec(['chroot', tree, '/tare/probe', ...call], { accept: [125] });
    t.is(exitCode, 125);
    t.regex(stderr, /^probe: /);
  }
});

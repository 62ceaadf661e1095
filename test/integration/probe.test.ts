import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { CommandError, WorkloadError } from '../../bench/errors.ts';
import { redis } from '../../bench/workloads/redis.ts';
import { delay, nowNs, waitUntil } from '../../bench/proc/clock.ts';
import { exec } from '../../bench/proc/exec.ts';
import { timedRun } from '../../runners/shared/timed.ts';
import { answeringServer, freePort, type ProbeBox, startUnderProbe, theImage } from '../helpers/probe-box.ts';
import { procText } from '../helpers/proc.ts';

const PATIENCE_MS = 30_000;
const sleep = ['/bin/sleep', '600'];

/** State and command line of each child, in no order; one that goes while it is looked at is none. */
function children(pid: number): readonly string[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return pids.flatMap((child) => {
    const [stat, commandLine] = [procText(child, 'stat'), procText(child, 'cmdline').replaceAll('\0', ' ').trim()];
    return stat === '' ? [] : [`${stat.slice(stat.lastIndexOf(')') + 2)[0]} ${commandLine}`];
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
  t.true(execNs >= process.startedNs, 'exec before the start');
  // Words that arrive together bear the same stamp.
  t.true(readyNs >= execNs, 'ready before exec');
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

test.serial('with a connection to wait for, ready comes once somebody accepts it, and not before', async (t) => {
  const port = await freePort();
  const { channel, exec: inside } = await startUnderProbe(t, `tcp:127.0.0.1:${port}`, sleep);
  await channel.waitFor('exec', PATIENCE_MS);
  await delay(100);
  t.is(channel.at('ready'), undefined);
  const server = inside(['/usr/bin/memcached', '-u', 'root', '-l', '127.0.0.1', '-p', String(port)], {
    timeoutMs: PATIENCE_MS,
    signal: AbortSignal.timeout(3000),
  });
  t.true((await channel.waitFor('ready', PATIENCE_MS)) > 0n);
  await t.throwsAsync(server);
});

async function readyBox(t: ExecutionContext, argv = sleep): Promise<ProbeBox> {
  const box = await startUnderProbe(t, 'none', argv);
  await box.channel.waitFor('ready', PATIENCE_MS);
  return box;
}

test.serial('a program is announced before it starts and after it ended, and keeps output and code', async (t) => {
  const box = await readyBox(t);
  const script = 'cat; echo wrong >&2; sleep 0.3; exit 9';
  const options = { timeoutMs: PATIENCE_MS, input: 'right' };
  const calledNs = nowNs();
  const result = await timedRun(box, ['/bin/sh', '-c', script], options);
  const wholeNs = Number(nowNs() - calledNs);
  t.like(result, { exitCode: 9, stdout: 'right', stderr: 'wrong\n' });
  const hostNs = Number(result.endedNs - result.startedNs);
  t.true(result.insideNs >= 3e8, `${result.insideNs} ns inside`);
  for (const ns of [hostNs, result.insideNs]) t.true(ns > 0 && ns <= wholeNs, `${ns} of ${wholeNs} ns`);
});

test.serial('a program that dies of a signal ends its probe with 128 and the signal', async (t) => {
  const box = await readyBox(t);
  t.like(await timedRun(box, ['/bin/sh', '-c', 'kill -KILL $$'], { timeoutMs: PATIENCE_MS }), { exitCode: 137 });
});

test.serial('a program that is not there could not be run, and the next one can be', async (t) => {
  const box = await readyBox(t);
  const missing = timedRun(box, ['/no/such/program'], { timeoutMs: PATIENCE_MS });
  t.is((await t.throwsAsync(missing, { instanceOf: CommandError }))?.code, 'NOT_RUN');
  t.like(await timedRun(box, ['/bin/sh', '-c', 'exit 127'], { timeoutMs: PATIENCE_MS }), { exitCode: 127 });
});

test.serial('a program goes with its probe, and late words of a run given up are no fault', async (t) => {
  const box = await readyBox(t);
  const late = timedRun(box, ['/bin/sleep', '543'], { timeoutMs: 500 });
  await t.throwsAsync(late, { instanceOf: CommandError });
  const { stdout } = await exec(['ps', '-e', '-o', 'args']);
  t.false(stdout.includes('/bin/sleep 543'));
  t.like(await timedRun(box, ['/bin/true'], { timeoutMs: PATIENCE_MS }), { exitCode: 0 });
  t.is(box.channel.fault, undefined);
});

test.serial('without a supervising probe nothing is run', async (t) => {
  const box = await readyBox(t);
  const orphan = timedRun({ ...box, announce: 'nobody-here' }, ['/bin/echo', 'ran'], { timeoutMs: PATIENCE_MS });
  const error = await t.throwsAsync(orphan, { instanceOf: WorkloadError });
  t.is(error?.code, 'MARK_TIMEOUT');
  t.regex(error?.message ?? '', /nobody listens on @tare\/nobody-here/);
});

test.serial('two hundred programs fit into one life', async (t) => {
  const box = await readyBox(t);
  for (let count = 0; count < 200; count += 1) await timedRun(box, ['/bin/true'], { timeoutMs: PATIENCE_MS });
  t.true((await box.channel.ping(PATIENCE_MS)) > 0);
});

/** Sends datagrams to the supervising probe as anything inside can, all of them so many times. */
async function datagrams(announce: string, texts: readonly string[], times = 1): Promise<number> {
  const script = [
    'import socket, sys',
    's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
    'for text in sys.argv[3:] * int(sys.argv[2]): s.sendto(text.encode(), chr(0) + "tare/" + sys.argv[1])',
  ].join('\n');
  const argv = ['python3', '-c', script, announce, String(times), ...texts];
  return (await exec(argv, { accept: [0, 1] })).exitCode;
}

test.serial('whatever is no announcement is dropped before the marks', async (t) => {
  const box = await readyBox(t);
  const garbage = [
    ...['', 'start', 'start ', 'start 1234567890', 'start 1 ', 'start 1\n', 'end 1', 'end 1 -5', 'end 1 2 3'],
    ...['ready', 'exit 0\nexec', `end 1 ${'9'.repeat(19)}`, `start ${'1'.repeat(5000)}`],
  ];
  t.is(await datagrams(box.announce, garbage), 0);
  t.like(await timedRun(box, ['/bin/true'], { timeoutMs: PATIENCE_MS }), { exitCode: 0 });
  t.is(box.channel.fault, undefined);
});

test.serial('a flood of announcements breaks the protocol and stops neither workload nor probe', async (t) => {
  const port = await freePort();
  const argv = redis.entry.argv({ dataDir: '/tare/data', listen: '127.0.0.1', port });
  const box = await startUnderProbe(t, `redis:127.0.0.1:${port}`, argv);
  await box.channel.waitFor('ready', PATIENCE_MS);
  const flood = datagrams(box.announce, ['start 999'], 20_000);
  t.true(await waitUntil(() => box.channel.fault !== undefined, { timeoutMs: PATIENCE_MS }));
  // Nobody reads the marks any more: the pipe fills, and whoever announces something waits.
  await delay(500);
  const timed = timedRun(box, ['/bin/true'], { timeoutMs: PATIENCE_MS });
  t.is((await t.throwsAsync(timed, { instanceOf: WorkloadError }))?.code, 'MARK_PROTOCOL');
  const answer = await box.exec(['/usr/bin/redis-cli', '-p', String(port), 'PING'], { timeoutMs: PATIENCE_MS });
  t.is(answer.stdout, 'PONG\n');
  globalThis.process.kill(box.process.pid, 'SIGTERM');
  t.like(await box.process.ended, { exitCode: 0 });
  t.is(await flood, 1);
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
    ['--announce', 'x', '--', '/bin/true'],
    ['--run', '1', '--', '/bin/true'],
    ['--announce', 'x', '--run', '1e3', '--', '/bin/true'],
    ['--announce', 'x', '--run', '1', '--ready', 'none', '--', '/bin/true'],
    ['--announce', 'x'.repeat(200), '--run', '1', '--', '/bin/true'],
    ['--announce', '', '--run', '1', '--', '/bin/true'],
  ];
  for (const call of calls) {
    const { exitCode, stderr } = await exec(['chroot', tree, '/tare/probe', ...call], { accept: [125] });
    t.is(exitCode, 125);
    t.regex(stderr, /^probe: /);
  }
});

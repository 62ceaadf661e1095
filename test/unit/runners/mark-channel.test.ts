import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { InterruptedError, WorkloadError } from '../../../bench/errors.ts';
import { delay, nowNs } from '../../../bench/proc/clock.ts';
import { makeFifos, MarkChannel } from '../../../runners/shared/mark-channel.ts';

/** A channel and the instance's end of it, played by the test. */
async function channelOf(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tare-marks-'));
  const [marks, commands] = [join(folder, 'marks'), join(folder, 'commands')];
  await makeFifos(marks, commands);
  const channel = new MarkChannel(marks, commands);
  const flags = constants.O_RDWR | constants.O_NONBLOCK;
  const [marksFd, commandsFd] = [openSync(marks, flags), openSync(commands, flags)];
  t.teardown(() => {
    channel[Symbol.dispose]();
    closeSync(marksFd);
    closeSync(commandsFd);
    rmSync(folder, { recursive: true });
  });
  return {
    channel,
    say: (text: string) => writeSync(marksFd, text),
    write: (text: string) => writeSync(commandsFd, text),
    heard: () => {
      const buffer = Buffer.alloc(256);
      return buffer.toString('latin1', 0, readSync(commandsFd, buffer));
    },
  };
}

async function codeOfFailure(t: ExecutionContext, work: Promise<unknown>): Promise<string | undefined> {
  return (await t.throwsAsync(work, { instanceOf: WorkloadError }))?.code;
}

test('words are stamped once, in the order of their arrival, also when they come in one piece', async (t) => {
  const { channel, say } = await channelOf(t);
  say('exec\nready\n');
  const ready = await channel.waitFor('ready', 5000);
  t.is(channel.at('exec'), ready);
  t.is(channel.at('init'), undefined);
});

test('a word in two pieces is one word', async (t) => {
  const { channel, say } = await channelOf(t);
  say('ex');
  await delay(20);
  say('ec\n');
  t.is(typeof (await channel.waitFor('exec', 5000)), 'bigint');
});

test('the end of the workload ends every wait at once', async (t) => {
  const { channel, say } = await channelOf(t);
  say('exec\nexit 3\n');
  t.is(await codeOfFailure(t, channel.waitFor('ready', 60_000)), 'WORKLOAD_EXITED');
  t.is(channel.exitStatus, '3');
  t.is(await codeOfFailure(t, channel.ping(60_000)), 'WORKLOAD_EXITED');
});

for (const [what, text] of [
  ['an unknown word', 'hello\n'],
  ['a word twice', 'exec\nexec\n'],
  ['"ready" before "exec"', 'ready\n'],
  ['a word with something behind it', 'exec now\n'],
  ['an endless line', 'x'.repeat(4096)],
  ['an exit that is no code or signal', 'exit ../../etc\n'],
  ['the start of a program that nobody asked for', 'start 1\n'],
  ['the end of a program that nobody asked for', 'end 1 5\n'],
  ['a start without a number', 'start\n'],
] as const) {
  test(`${what} breaks the protocol`, async (t) => {
    const { channel, say } = await channelOf(t);
    say(text);
    t.is(await codeOfFailure(t, channel.waitFor('init', 60_000)), 'MARK_PROTOCOL');
  });
}

test('an instance that floods the channel is cut off', async (t) => {
  const { channel, say } = await channelOf(t);
  say('exec\n');
  await channel.waitFor('exec', 5000);
  const wait = channel.waitFor('ready', 60_000);
  const flood = setInterval(() => {
    try {
      say('pong 1\n'.repeat(1000));
    } catch {
      // The pipe is full: it is read no more.
    }
  }, 1);
  t.is(await codeOfFailure(t, wait), 'MARK_PROTOCOL');
  clearInterval(flood);
});

test('a ping is answered by its own echo and no other', async (t) => {
  const { channel, say, heard } = await channelOf(t);
  const answered = channel.ping(5000);
  t.is(heard(), 'ping 1\n');
  say('pong 999\n');
  await delay(20);
  say('pong 1\n');
  t.true((await answered) > 0);
  t.is(await codeOfFailure(t, channel.ping(30)), 'MARK_TIMEOUT');
});

test('a program has both stamps, those of their arrival, and the time inside', async (t) => {
  const { channel, say } = await channelOf(t);
  using run = channel.expectRun();
  const before = nowNs();
  say(`start ${run.token}\nexec\n`);
  await channel.waitFor('exec', 5000);
  await delay(30);
  t.is(run.stamps, undefined);
  say(`end ${run.token} 29000000\n`);
  const { startedNs, endedNs, insideNs } = await run.announced(5000);
  t.true(startedNs >= before && endedNs - startedNs >= 20_000_000n);
  t.is(insideNs, 29_000_000);
});

test('a program that was not announced is told from one whose workload ended', async (t) => {
  const { channel, say } = await channelOf(t);
  using run = channel.expectRun();
  say(`start ${run.token}\n`);
  t.is(await codeOfFailure(t, run.announced(30)), 'MARK_TIMEOUT');
  const abort = new AbortController();
  const wait = run.announced(60_000, abort.signal);
  abort.abort();
  await t.throwsAsync(wait, { instanceOf: InterruptedError });
  say('exec\nexit 0\n');
  t.is(await codeOfFailure(t, run.announced(60_000)), 'WORKLOAD_EXITED');
});

test('late words of a program that was given up break nothing', async (t) => {
  const { channel, say } = await channelOf(t);
  const { token, [Symbol.dispose]: giveUp } = channel.expectRun();
  giveUp();
  say(`start ${token}\nend ${token} 5\nexec\n`);
  t.is(typeof (await channel.waitFor('exec', 5000)), 'bigint');
  using next = channel.expectRun();
  t.not(next.token, token);
});

for (const [what, words] of [
  ['an end before its start', ['end']],
  ['a start twice', ['start', 'start']],
  ['an end twice', ['start', 'end', 'end']],
] as const) {
  test(`${what} breaks the protocol`, async (t) => {
    const { channel, say } = await channelOf(t);
    using run = channel.expectRun();
    for (const word of words) say(word === 'end' ? `end ${run.token} 7\n` : `start ${run.token}\n`);
    say('exec\n');
    t.is(await codeOfFailure(t, channel.waitFor('ready', 60_000)), 'MARK_PROTOCOL');
    t.is(await codeOfFailure(t, (async () => channel.expectRun())()), 'MARK_PROTOCOL');
  });
}

test('a long life with thousands of programs and pings is no flood', async (t) => {
  const { channel, say } = await channelOf(t);
  for (let count = 0; count < 3000; count += 1) {
    using run = channel.expectRun();
    say(`start ${run.token}\nend ${run.token} ${10 ** 15}\n`);
    await run.announced(5000);
  }
  t.is(channel.fault, undefined);
});

test('an instance that takes no commands is at fault, not the harness', async (t) => {
  const { channel, write } = await channelOf(t);
  for (let full = false; !full; ) {
    try {
      write('x'.repeat(4096));
    } catch {
      full = true;
    }
  }
  t.is(await codeOfFailure(t, channel.ping(5000)), 'MARK_PROTOCOL');
});

test('a closed channel writes nothing, and ends who waits on it', async (t) => {
  const { channel } = await channelOf(t);
  const wait = channel.waitFor('exec', 60_000);
  channel[Symbol.dispose]();
  channel[Symbol.dispose]();
  t.is(await codeOfFailure(t, wait), 'MARK_CLOSED');
  t.is(await codeOfFailure(t, channel.ping(60_000)), 'MARK_CLOSED');
});

test('an interruption is told from a deadline', async (t) => {
  const { channel } = await channelOf(t);
  t.is(await codeOfFailure(t, channel.waitFor('exec', 20)), 'MARK_TIMEOUT');
  const abort = new AbortController();
  const wait = channel.waitFor('exec', 60_000, abort.signal);
  abort.abort();
  await t.throwsAsync(wait, { instanceOf: InterruptedError });
});

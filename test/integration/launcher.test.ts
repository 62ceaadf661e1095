import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CommandError, InterruptedError } from '../../bench/errors.ts';
import { nowNs } from '../../bench/proc/clock.ts';
import { launch, prepareLauncher } from '../../bench/proc/launcher.ts';
import { isRunning, statOf } from '../../runners/shared/processes.ts';

async function launcherOf(t: ExecutionContext): Promise<{ launcher: string; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const launcher = await prepareLauncher(folder, new AbortController().signal);
  t.is(await prepareLauncher(folder, new AbortController().signal), launcher);
  return { launcher, folder };
}

const says = (text: string) => ['/bin/sh', '-c', `printf %s "$1"`, 'sh', text];

test('commands run in order, with their words untouched, and their stamps are on the host’s clock', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const text = `a 'b' "c"\n$HOME *`;
  const outputFile = join(folder, 'output with space');
  const before = nowNs();
  const commands = await launch(launcher, [
    { argv: says(text), outputFile },
    { argv: says('!'), outputFile },
  ]);
  const after = nowNs();
  t.is(readFileSync(outputFile, 'utf8'), `${text}!`);
  const stamps = [before, ...commands.flatMap(({ startedNs, endedNs }) => [startedNs, endedNs]), after];
  t.true(stamps.every((stamp, at) => at === 0 || stamp >= (stamps[at - 1] ?? 0n)));
  t.deepEqual(commands[0]?.argv, says(text));
});

test('the first failure is the last command, and says what the program said', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const outputFile = join(folder, 'never');
  const failing = { argv: ['/bin/sh', '-c', 'echo first >&2; echo because >&2; exit 7'] };
  const error = await t.throwsAsync(launch(launcher, [failing, { argv: says('x'), outputFile }]), {
    instanceOf: CommandError,
  });
  t.is(error?.code, 'COMMAND_FAILED');
  t.regex(error?.message ?? '', /exit code 7.*because$/s);
  t.throws(() => readFileSync(outputFile), { code: 'ENOENT' });
});

test('a program that is missing is named, with the package that brings it', async (t) => {
  const { launcher } = await launcherOf(t);
  const error = await t.throwsAsync(launch(launcher, [{ argv: ['no-such-program-here'] }]), {
    instanceOf: CommandError,
  });
  t.is(error?.code, 'TOOL_MISSING');
  t.regex(error?.message ?? '', /no-such-program-here/);
});

test('a death by signal is a failure', async (t) => {
  const { launcher } = await launcherOf(t);
  const error = await t.throwsAsync(launch(launcher, [{ argv: ['/bin/sh', '-c', 'kill -9 $$'] }]));
  t.regex(error?.message ?? '', /exit code 137/);
});

test('a deadline and an interruption end the launcher with the command that it runs', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const pidFile = join(folder, 'pid');
  const endless = [{ argv: ['/bin/sh', '-c', `echo $$ > ${pidFile}; exec sleep 600`] }];
  // Killed, but perhaps not reaped yet by the host's first process.
  const runs = () => isRunning(statOf(Number(readFileSync(pidFile, 'utf8'))));
  const late = await t.throwsAsync(launch(launcher, endless, { timeoutMs: 500 }), { instanceOf: CommandError });
  t.is(late?.code, 'COMMAND_TIMEOUT');
  t.false(runs());
  const signal = AbortSignal.timeout(500);
  await t.throwsAsync(launch(launcher, endless, { signal }), { instanceOf: InterruptedError });
  t.false(runs());
});

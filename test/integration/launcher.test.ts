import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CommandError, InterruptedError } from '../../bench/errors.ts';
import { nowNs, waitUntil } from '../../bench/proc/clock.ts';
import { commandLine, exec } from '../../bench/proc/exec.ts';
import { encodeSteps, launch, prepareLauncher } from '../../bench/proc/launcher.ts';
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
  const empty = ['/bin/sh', '-c', '[ $# = 2 ]', 'sh', '', ''];
  const outputFile = join(folder, 'output with space');
  const before = nowNs();
  const commands = await launch(launcher, [
    { argv: says(text), outputFile },
    { argv: says('!'), outputFile },
    { argv: empty },
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
  const env = { env: { PATH: '/nowhere' } };
  const missing = await t.throwsAsync(launch(launcher, [{ argv: ['no-such-program-here'] }]), {
    instanceOf: CommandError,
  });
  t.is(missing?.code, 'TOOL_MISSING');
  t.is(missing?.message, 'no-such-program-here is not installed');
  t.is(missing?.hint, 'install no-such-program-here');
  const told = await exec([launcher], { ...env, input: encodeSteps([{ argv: ['mount'] }]), accept: [1] });
  t.regex(told.stdout, /^\d+ \d+ error 2\n$/);
});

test('errors are those of exec', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const said = ['/bin/sh', '-c', 'echo why >&2; exit 126'];
  for (const argv of [[folder], said, ['/bin/sh', '-c', 'kill -9 $$'], ['no-such-program-here']]) {
    const [expected, actual] = await Promise.all([
      t.throwsAsync(exec(argv), { instanceOf: CommandError }),
      t.throwsAsync(launch(launcher, [{ argv }]), { instanceOf: CommandError }),
    ]);
    t.is(actual?.message, expected?.message);
    t.is(actual?.code, expected?.code);
    t.is(actual?.hint, expected?.hint);
    t.is(actual?.details['exitCode'], expected?.details['exitCode']);
    t.is(actual?.details['signal'], expected?.details['signal']);
  }
});

test('an output file that cannot be opened is not taken for a missing program', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const outputFile = join(folder, 'none', 'output');
  const error = await t.throwsAsync(launch(launcher, [{ argv: ['true'], outputFile }]), { instanceOf: CommandError });
  t.is(error?.code, 'COMMAND_FAILED');
  t.true(error?.message.includes(`${outputFile}: No such file`));
});

test('what a command leaves running holds its output file, not the launcher', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const [outputFile, pidFile] = [join(folder, 'output'), join(folder, 'pid')];
  const argv = ['/bin/sh', '-c', 'echo said; setsid sleep 600 & echo $! > "$1"', 'sh', pidFile];
  const commands = await launch(launcher, [{ argv, outputFile }], { timeoutMs: 30_000 });
  const pid = Number(readFileSync(pidFile, 'utf8'));
  t.teardown(() => process.kill(pid, 'SIGKILL'));
  t.is(commands.length, 1);
  t.is(readFileSync(outputFile, 'utf8'), 'said\n');
  t.true(isRunning(statOf(pid)));
});

test('a command finds an empty standard input, no signal blocked, and no more open than from exec', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const outputFile = join(folder, 'output');
  const script = 'cat; grep SigBlk /proc/self/status; ls /proc/$$/fd | tr "\\n" " "';
  const argv = ['/bin/sh', '-c', script];
  await launch(launcher, [{ argv, outputFile }]);
  const text = readFileSync(outputFile, 'utf8');
  t.regex(text, /^SigBlk:\s+0+\n0 1 2 /);
  t.is(text, (await exec(argv)).stdout);
});

test('a list that is cut off, or has a command without words, is refused', async (t) => {
  const { launcher } = await launcherOf(t);
  const whole = '1\0\0true\0';
  for (const input of ['1', '1\0', '1\0\0true', `${whole}2\0\0true\0`, `${whole}0\0\0`, '\0\0', 'x\0\0true\0']) {
    const { exitCode, stdout } = await exec([launcher], { input, accept: [125] });
    t.is(exitCode, 125);
    t.is(stdout, '');
  }
  t.deepEqual(await launch(launcher, []), []);
});

test('nothing follows once nobody reads the stamps', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const outputFile = join(folder, 'output');
  const input = encodeSteps([
    { argv: says('first'), outputFile },
    { argv: says('second'), outputFile },
  ]);
  await exec(['/bin/sh', '-c', 'exec "$0" >&-', launcher], { input, accept: 'any' });
  t.is(readFileSync(outputFile, 'utf8'), 'first');
});

test('SIGTERM goes on to the command that runs, and nothing follows', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const [outputFile, pidFile] = [join(folder, 'output'), join(folder, 'pid')];
  // Ends well on SIGTERM: the launcher must not take that for a reason to go on.
  const script = 'trap "printf term; exit 0" TERM; echo $PPID > "$1"; while :; do sleep 0.01; done';
  const input = encodeSteps([
    { argv: ['/bin/sh', '-c', script, 'sh', pidFile], outputFile },
    { argv: says('never'), outputFile },
  ]);
  const ended = exec([launcher], { input, accept: 'any' });
  const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0);
  t.true(await waitUntil(() => pid() > 0, { timeoutMs: 30_000 }));
  process.kill(pid(), 'SIGTERM');
  const { exitCode, stdout } = await ended;
  t.is(exitCode, 143);
  t.regex(stdout, /^\d+ \d+ exit 0\n$/);
  t.is(readFileSync(outputFile, 'utf8'), 'term');
});

test('a deadline and an interruption end the command that runs, and name it', async (t) => {
  const { launcher, folder } = await launcherOf(t);
  const pidFile = join(folder, 'pid');
  const endless = ['/bin/sh', '-c', 'echo $$ > "$1"; exec sleep 600', 'sh', pidFile];
  const steps = [{ argv: ['true'] }, { argv: endless }, { argv: ['true'] }];
  // Killed, but perhaps not reaped yet by the host's first process.
  const runs = () => isRunning(statOf(Number(readFileSync(pidFile, 'utf8'))));
  const late = await t.throwsAsync(launch(launcher, steps, { timeoutMs: 500 }), { instanceOf: CommandError });
  t.is(late?.code, 'COMMAND_TIMEOUT');
  t.is(late?.message, `no end after 500 ms: ${commandLine(endless)}`);
  t.deepEqual(late?.details['argv'], endless);
  t.false(runs());
  const signal = AbortSignal.timeout(500);
  const interrupted = await t.throwsAsync(launch(launcher, steps, { signal }), { instanceOf: InterruptedError });
  t.is(interrupted?.message, `interrupted: ${commandLine(endless)}`);
  t.false(runs());
});

test('two preparations at once end with one launcher, and no draft', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { signal } = new AbortController();
  const [one, other] = await Promise.all([prepareLauncher(folder, signal), prepareLauncher(folder, signal)]);
  t.is(one, other);
  t.deepEqual(readdirSync(join(folder, 'tools')), [basename(one)]);
});

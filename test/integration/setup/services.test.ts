import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { setupShell } from '../../helpers/shell.ts';

const DOWN = join(import.meta.dirname, '../../../bench/setup/down.sh');
const FILES = ['common.sh', 'services.sh'];

interface Started {
  readonly state: string;
  readonly pid: number;
}

/** Starts a harmless program as a service of the set-up, with a state folder of its own. */
async function start(t: ExecutionContext): Promise<Started> {
  const state = await mkdtemp(join(tmpdir(), 'tare-services-'));
  await mkdir(join(state, 'log'));
  const { stdout } = await setupShell(FILES, 'start_detached other sleep 600\necho "$STARTED_PID"', {
    env: { TARE_STATE: state },
  });
  const pid = Number(stdout);
  t.teardown(async () => {
    if (runs(pid)) process.kill(pid, 'SIGKILL');
    await rm(state, { recursive: true });
  });
  return { state, pid };
}

/** Whether this process is the sleep, and no zombie. */
function runs(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file, 'utf8') === ['sleep', '600', ''].join('\0');
}

const down = (state: string) => promisify(execFile)(DOWN, { env: { PATH: '/usr/bin:/bin', TARE_STATE: state } });

test('a started service outlives the set-up in a session of its own, and down stops it', async (t) => {
  const { state, pid } = await start(t);
  t.true(runs(pid));
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  t.is(stat[3], String(pid), 'leader of its session');
  const { stdout } = await down(state);
  t.regex(stdout, new RegExp(`stopping sleep \\(pid ${pid}\\)`));
  t.false(runs(pid));
});

test('a second down finds nothing to stop', async (t) => {
  const { state } = await start(t);
  await down(state);
  t.regex((await down(state)).stdout, /nothing to stop/);
});

for (const [what, change] of [
  ['that another process got since', (line: string) => line.replace(/(process other \d+) \d+/, '$1 1')],
  ['of an earlier boot', (line: string) => line.replace(/^\S+/, '00000000-0000-0000-0000-000000000000')],
] as const) {
  test(`down leaves a pid ${what} alone`, async (t) => {
    const { state, pid } = await start(t);
    const record = join(state, 'services.txt');
    await writeFile(record, change(readFileSync(record, 'utf8')));
    await down(state);
    t.true(runs(pid));
    t.false(existsSync(record));
  });
}

test('a service in which something runs stays, and stays recorded', async (t) => {
  const { state, pid } = await start(t);
  const text = 'busy() { true; }\nstop_all_recorded';
  const { exitCode, stderr } = await setupShell(FILES, text, { env: { TARE_STATE: state } });
  t.not(exitCode, 0);
  t.regex(stderr, /other stays/);
  t.true(runs(pid));
  t.regex(readFileSync(join(state, 'services.txt'), 'utf8'), new RegExp(` ${pid} `));
});

test('waiting ends at once when the program that was started has ended', async (t) => {
  const { exitCode } = await setupShell(FILES, 'never() { false; }\nwait_for never 600 99999999');
  t.not(exitCode, 0);
});

import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import { examine, type Examination } from '../../bench/cli/doctor/examine.ts';
import { fakeRunner } from '../../runners/fake.ts';
import { tare } from '../helpers/tare.ts';

const MAIN = join(import.meta.dirname, '../../bench/main.ts');
const ESCAPE = '\u001b';

/**
 * Another user, who may read everything, so that it does not matter where the checkout lies, but may write nothing and use
 * no socket of root's.
 */
const AS_NOBODY = [
  ...['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
  ...['--inh-caps=-all,+dac_read_search', '--ambient-caps=+dac_read_search'],
];

const HERE = {
  ...({ stateDir: '/var/lib/tare', accel: 'auto', instanceBytes: 2 ** 29, instanceCpus: 1 } as const),
  ceilings: { containers: 10, vms: 2 },
};

function statusOf({ checks }: Examination, id: string): string | undefined {
  return checks.find((check) => check.id === id)?.status;
}

test('as root it lists every runner and every check, each with a status', async (t) => {
  const { stdout, exitCode } = await tare(['doctor', '--json']);
  const found = JSON.parse(stdout) as Examination;
  t.is(exitCode, found.ok ? 0 : 3);
  t.is(found.schema, 'tare-doctor-1');
  for (const id of ['native', 'runc', 'docker', 'kvm-direct']) {
    const runner = found.runners.find((candidate) => candidate.id === id);
    t.truthy(runner, id);
    if (runner && !runner.support.ok) t.not(runner.support.hint, '', id);
  }
  t.is(statusOf(found, 'privileges'), 'ok');
  for (const { id, status, advice } of found.checks) {
    t.true(['ok', 'warn', 'missing'].includes(status), id);
    if (status !== 'ok') t.truthy(advice, id);
  }
  const ids = found.checks.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
  for (const id of [
    'kvm',
    'cgroup',
    'docker',
    'libvirt',
    'state-reach',
    'direct-io',
    'space',
    'cpus',
    'placement',
    'limit-inotify',
  ])
    t.true(ids.includes(id), id);
});

test('the table holds the same, without colour where nobody looks', async (t) => {
  const { stdout } = await tare(['doctor']);
  t.regex(stdout, /^\d+ of \d+ runners can run here$/m);
  t.regex(stdout, /^ {2}(ok|warn) +KVM /m);
  t.false(stdout.includes(ESCAPE));
});

test('colour is there when it is asked for, and NO_COLOR wins', async (t) => {
  const run = (env: Record<string, string>) => execa(process.execPath, [MAIN, 'doctor'], { env, reject: false });
  t.true((await run({ FORCE_COLOR: '1', NO_COLOR: '' })).stdout.includes(ESCAPE));
  t.false((await run({ FORCE_COLOR: '1', NO_COLOR: '1' })).stdout.includes(ESCAPE));
});

test('without root it still answers, and says what root is needed for', async (t) => {
  const [program, ...args] = [...AS_NOBODY, process.execPath, MAIN, 'doctor', '--json'];
  const { stdout, exitCode } = await execa(program, args, { reject: false });
  const found = JSON.parse(stdout) as Examination;
  t.is(exitCode, found.ok ? 0 : 3);
  t.is(statusOf(found, 'privileges'), 'missing');
  t.is(statusOf(found, 'docker'), 'missing');
  t.regex(found.checks.find(({ id }) => id === 'docker')?.advice ?? '', /root/);
});

test('a state folder below one that keeps others out is named, with the command that opens it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tare-doctor-'));
  try {
    await chmod(folder, 0o700);
    const { stdout } = await tare(['doctor', '--json', '--state', join(folder, 'deep', 'state')]);
    const found = (JSON.parse(stdout) as Examination).checks.find(({ id }) => id === 'state-reach');
    t.is(found?.status, 'missing');
    t.regex(found?.advice ?? '', new RegExp(`chmod o\\+x ${folder}`));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('it changes nothing: neither the state folder nor a trial file is there afterwards', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tare-doctor-'));
  try {
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'state'));
    await tare(['doctor', '--state', join(folder, 'state')]);
    await tare(['doctor', '--state', join(folder, 'not-there')]);
    t.deepEqual(await readdir(folder, { recursive: true }), ['state']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('where no runner can run it is not ok, and a probe that throws is a reason like others', async (t) => {
  const unsupported = { ok: false, code: 'NONE', reason: 'nothing here', hint: 'another host' } as const;
  const broken = { ...fakeRunner({ id: 'broken' }), probe: () => Promise.reject(new RangeError('oops')) };
  const runners = [fakeRunner({ id: 'absent', unsupported }), broken];
  const found = await examine({ ...HERE, runners, signal: AbortSignal.timeout(60_000) });
  t.false(found.ok);
  const reasons = found.runners.map(({ support }) => (support.ok ? '' : support.reason));
  t.deepEqual(reasons, ['nothing here', 'its probe failed: oops']);
});

test('one runner that can run is enough', async (t) => {
  const found = await examine({ ...HERE, runners: [fakeRunner()], signal: AbortSignal.timeout(60_000) });
  t.true(found.ok);
});

test('an unknown flag is a mistake of usage', async (t) => {
  t.is((await tare(['doctor', '--nonsense'])).exitCode, 2);
});

import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import type { DryRun } from '../../bench/cli/dry-run.ts';
import { tare } from '../helpers/tare.ts';

const MAIN = join(import.meta.dirname, '../../bench/main.ts');
const TAG = /(?:tare-|\bt[vcd]|\/runs\/)[0-9a-f]{6}/g;
const EXPERIMENTS = ['-r', 'native,runc,docker,kvm-direct', '-e', 'startup,disk'];

/** What there is on this host, by tools that share no code with tare. */
const LOOKS: readonly (readonly string[])[] = [
  ['ip', '-oneline', 'link', 'show'],
  ['ip', '-oneline', 'address', 'show'],
  ['ip', 'route', 'show', 'table', 'all'],
  ['ip', 'netns', 'list'],
  ['iptables', '-S'],
  ['docker', 'network', 'ls', '--format', '{{.Name}}'],
  ['docker', 'ps', '--all', '--format', '{{.Names}}'],
  ['docker', 'image', 'ls', '--all', '--quiet'],
  ['virsh', '-c', 'qemu:///system', 'list', '--all', '--name'],
  ['find', '/sys/fs/cgroup', '-type', 'd', '-name', '*tare-*'],
  ['findmnt', '--noheadings', '--list', '--output', 'TARGET'],
];

async function snapshot(): Promise<readonly string[]> {
  const looks = LOOKS.map(async ([program = '', ...args]) => {
    const { stdout } = await execa(program, args, { reject: false });
    // docker lists images of the same age in any order.
    const lines = stdout.split('\n').toSorted();
    return lines.map((line) => `${program}: ${line.replaceAll(/ (?:valid|preferred)_lft \S+/g, '')}`);
  });
  return (await Promise.all(looks)).flat();
}

/** Tags of runs that go on beside this test: what is theirs may come and go. */
function tagsIn(lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => [...line.matchAll(TAG)].map(([name]) => name.slice(-6))));
}

function without(lines: readonly string[], tags: ReadonlySet<string>): readonly string[] {
  return lines.filter((line) => [...line.matchAll(TAG)].every(([name]) => !tags.has(name.slice(-6))));
}

/** An empty folder that everybody may enter, removed at the end. */
async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'tare-dry-run-'));
  await chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('it leaves no trace: nothing of the host, of the state folder or of the bundles changes', async (t) => {
  await using place = await folder();
  const before = await snapshot();
  const paths = ['--state', join(place.path, 'state'), '--out', join(place.path, 'out')];
  const { exitCode, stdout } = await tare(['run', '--dry-run', ...EXPERIMENTS, ...paths]);
  t.is(exitCode, 0);
  t.regex(stdout, /^Nothing was changed\./);
  const tags = tagsIn(before);
  t.deepEqual(without(await snapshot(), tags), without(before, tags));
  t.deepEqual(await readdir(place.path), []);
});

test('as JSON it holds what the real host would get: images to build, CPUs, runners', async (t) => {
  await using place = await folder();
  const { stdout } = await tare(['run', '--dry-run', '--json', ...EXPERIMENTS, '--state', place.path, '--cpus', '1']);
  const found = JSON.parse(stdout) as DryRun;
  t.is(found.schema, 'tare-dry-run-1');
  t.true(found.root);
  t.is(found.refusedBecause, null);
  t.is(found.cpus.instance.length, 1);
  t.deepEqual(
    found.images.map(({ flavour, digest }) => [flavour, digest]),
    [['base', null]],
  );
  t.deepEqual(
    found.runners.map(({ id }) => id),
    ['native', 'runc', 'docker', 'kvm-direct'],
  );
  if (process.env['TARE_REQUIRE_ALL'] === '1') t.true(found.runners.every(({ support }) => support.ok));
});

test('without root it still describes the run, and says what it could not see', async (t) => {
  await using place = await folder();
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const readAll = ['--inh-caps=-all,+dac_read_search', '--ambient-caps=+dac_read_search'];
  const words = [process.execPath, MAIN, 'run', '--dry-run', ...EXPERIMENTS, '--state', join(place.path, 'state')];
  const [program = '', ...args] = [...nobody, ...readAll, ...words];
  const { exitCode, stdout } = await execa(program, args, { reject: false });
  t.is(exitCode, 0);
  t.regex(stdout, /Looked at without root/);
  t.regex(stdout, /^ {2}cannot {2}native: chroot needs root/m);
  t.deepEqual(await readdir(place.path), []);
});

test('what the run would refuse is refused here too, before anything is looked at', async (t) => {
  const codeOf = async (...args: readonly string[]) => {
    const { exitCode, stdout } = await tare(['run', '--dry-run', '--json', ...EXPERIMENTS, ...args]);
    return [exitCode, (JSON.parse(stdout) as { error: { code: string } }).error.code];
  };
  t.deepEqual(await codeOf('--cpus', '100000'), [2, 'TOO_FEW_CPUS']);
  t.deepEqual(await codeOf('--cpus', '0-x'), [2, 'BAD_CPU_LIST']);
  t.deepEqual(await codeOf('--vm-image', '/nonexistent.qcow2'), [2, 'NO_FILE']);
  t.deepEqual(await codeOf('-r', 'nothing'), [2, 'UNKNOWN_RUNNER']);
});

import test from 'ava';
// Loading what loads runners makes `tare/runner` known.
import { loadOwnRunner } from '../../../bench/cli/own-runner.ts';
import { READONLY_PATHS } from '../../../runners/oci/config.ts';

const FOLDER = new URL('../../../examples/bubblewrap-runner/', import.meta.url);

interface BoxModule {
  readonly entryArgv: (box: object, argv: readonly string[]) => readonly string[];
  readonly insideArgv: (
    box: object,
    pid: number,
    cgroups: readonly string[],
    argv: readonly string[],
  ) => readonly string[];
}

const { entryArgv, insideArgv } = (await import(new URL('box.js', FOLDER).href)) as BoxModule;

const box = {
  ...{ name: 'tare-a1b2c3-bubblewrap-0', rootfs: '/r', netns: 'tare-a1b2c3-0', marks: '/m', commands: '/c' },
  ...{ info: '/i', environment: { A: 'b c' }, newSession: true },
};

/** Options that confine, without those of the one that is started alone. */
function confinement(argv: readonly string[]): readonly string[] {
  return argv.slice(argv.indexOf('bwrap'), argv.indexOf('--chdir'));
}

test('the example is a runner with an option', async (t) => {
  const { runner, module } = await loadOwnRunner({ use: FOLDER.pathname });
  t.is(runner.id, 'bubblewrap');
  t.deepEqual(
    runner.options?.map(({ name }) => name),
    ['newSession'],
  );
  t.is(module.version, '1.0.0');
});

test('a program inside is confined as the entry point is', (t) => {
  const inside = insideArgv(box, 4711, ['/sys/fs/cgroup/memory/x'], ['/bin/true', '']);
  t.deepEqual(confinement(inside), confinement(entryArgv(box, ['/tare/probe'])));
  t.deepEqual(inside.slice(-4), ['3', '--', '/bin/true', '']);
});

test('the settings of the host’s kernel are covered after its /proc is mounted', (t) => {
  const words = confinement(entryArgv(box, ['/tare/probe']));
  for (const path of READONLY_PATHS) {
    const at = words.indexOf(path);
    t.is(words[at - 1], '--ro-bind-try');
    t.true(at > words.indexOf('--proc'));
  }
});

test('the option decides about a session', (t) => {
  t.true(entryArgv(box, ['/tare/probe']).includes('--new-session'));
  t.false(entryArgv({ ...box, newSession: false }, ['/tare/probe']).includes('--new-session'));
});

import test from 'ava';
import { describeRun } from '../../../bench/cli/dry-run.ts';
import { changesOf } from '../../../bench/cli/dry-run/changes.ts';
import type { RunFacts } from '../../../bench/cli/dry-run/facts.ts';
import { plannedWork } from '../../../bench/cli/dry-run/instances.ts';
import { renderDryRun } from '../../../bench/cli/dry-run/render.ts';
import { withDefaults } from '../../../bench/config/profiles.ts';
import type { Experiment } from '../../../bench/model/experiment.ts';
import type { Accelerator, Isolation, Support } from '../../../bench/model/runner.ts';
import type { Measurement, Workload } from '../../../bench/model/workload.ts';
import { RUNNERS } from '../../../runners/registry.ts';

const CONFIG = withDefaults({ profile: 'quick', state: '/srv/tare', out: '/srv/out' });

function supported(
  as: string,
  isolation: Isolation,
  accelerator: Accelerator = 'none',
): Extract<Support, { ok: true }> {
  const capabilities = { isolation, accelerator, marks: ['launched', 'api'], designed: [] } as const;
  return { ok: true, as, title: `title of ${as}`, capabilities, versions: {} };
}

const NATIVE = supported('native', 'none');
const RUNC = supported('runc', 'container');
const TCG = supported('tcg-direct', 'vm', 'tcg');

function experiment(
  id: string,
  options: Partial<Experiment> = {},
  measurements: readonly Measurement[] = [],
): Experiment {
  const workload = { id: 'redis', measurements, fillBytes: 1 } as unknown as Workload;
  const time = {
    id: 'ready',
    title: 'ready',
    unit: 'ns',
    better: 'lower',
    primary: true,
    assessableEmulated: false,
  } as const;
  return {
    ...{ id, title: id, workload, metrics: [time], pilotBlocks: 3, fixedBlocks: null, emulatedToo: true, share: 1 },
    measure: async () => {},
    ...options,
  };
}

const FACTS: RunFacts = {
  root: true,
  runners: [
    { id: 'native', support: NATIVE },
    { id: 'runc', support: RUNC },
    { id: 'kvm-direct', support: TCG },
    { id: 'docker', support: { ok: false, code: 'SERVICE_DOWN', reason: 'no \u001b[31manswer', hint: 'start it' } },
  ],
  experiments: [experiment('startup')],
  images: [
    { flavour: 'base', digest: `sha256:${'a'.repeat(64)}`, folder: '/srv/tare/images/aaaa', bytes: 2 ** 28 },
    { flavour: 'node', digest: null, folder: '/srv/tare/images', bytes: null },
  ],
  cpus: { instance: [2, 3], client: [1], host: [0], overlaps: ['Something is shared.'], numaNode: 0 },
  ...{ freeBytes: 2 ** 34, memoryBytes: 2 ** 35, availableBytes: 2 ** 34, bridgesFiltered: true, otherRun: null },
  tuning: [{ path: '/proc/sys/vm/swappiness', before: '60', during: '1' }],
};

function names(options: Partial<Parameters<typeof changesOf>[0]> = {}): readonly string[] {
  const given = { config: CONFIG, runners: ['native', 'runc', 'docker'], clients: false, bridgesFiltered: true };
  const tuning = options.tuning ?? [];
  return changesOf({ ...given, ...options, tuning }).map(({ kind, name }) => `${kind} ${name}`);
}

test('each runner brings its own changes, and what cannot run brings none', (t) => {
  const found = names({ runners: ['runc'] });
  t.true(found.includes('cgroup tare-<tag>-runc-<n>') && found.includes('link tv<tag><n>'));
  t.false(found.some((name) => /docker|domain/.test(name)));
  t.true(names({ runners: ['docker'] }).includes('network tare-<tag>'));
  t.true(names({ runners: ['kvm-direct'] }).includes('domain tare-<tag>-vm<n>'));
  t.true(names({ runners: ['kvm'] }).includes('domain tare-<tag>-sys<n>'));
  const alone = names({ runners: ['qemu'] });
  t.true(alone.includes('process TARE_INSTANCE=tare-<tag>-qemu<n>') && alone.includes('link tt<tag><n>'));
  t.false(alone.some((name) => name.startsWith('domain ')));
});

test('every built-in runner says what it makes', (t) => {
  const always = names({ runners: [] });
  for (const { id } of RUNNERS) t.true(names({ runners: [id] }).length > always.length, id);
});

test('what several runners share stands there once, with all their names', (t) => {
  const changes = changesOf({
    config: CONFIG,
    runners: ['runc', 'kvm-direct', 'kvm'],
    clients: false,
    tuning: [],
    bridgesFiltered: false,
  });
  const bridges = changes.filter(({ name }) => name === 'tare-<tag>');
  t.deepEqual(
    bridges.map(({ by }) => by),
    [['runc', 'kvm-direct', 'kvm']],
  );
});

test('everything that goes again carries the tag of its run, or is named by libvirt', (t) => {
  const runners = RUNNERS.map(({ id }) => id);
  for (const change of changesOf({ config: CONFIG, runners, clients: true, tuning: [], bridgesFiltered: true })) {
    if (change.stays || change.kind === 'process') continue;
    t.true(change.name.includes('<tag>') || change.name === 'vnet…', change.name);
  }
});

test('rules of the packet filter come only with clients, and only where bridged packets are filtered', (t) => {
  const rules = (options: object) => names(options).filter((name) => name.startsWith('rule '));
  t.deepEqual(rules({ clients: true }), [
    'rule FORWARD -i tare-<tag> -o tare-<tag> -j ACCEPT',
    'rule FORWARD -i td<tag> -o td<tag> -j ACCEPT',
  ]);
  t.deepEqual(rules({ clients: false }), []);
  t.deepEqual(rules({ clients: true, bridgesFiltered: false }), []);
});

test('without a network there is neither bridge nor link', (t) => {
  const config = { ...CONFIG, instance: { ...CONFIG.instance, network: 'none' as const } };
  t.false(names({ config, clients: true }).some((name) => /^(?:link|network|rule) /.test(name)));
});

test('startup: a pilot and at most as many blocks as the profile allows, one instance at a time', (t) => {
  const { runners } = plannedWork(experiment('startup'), [NATIVE, RUNC, TCG], CONFIG);
  t.deepEqual(runners[1], { runner: 'runc', pilotBlocks: 3, measuredBlocks: 24, instances: 27, atOnce: 1 });
});

test('an emulated runner takes few turns, unless there are only such', (t) => {
  const [, emulated] = plannedWork(experiment('startup'), [NATIVE, TCG], CONFIG).runners;
  t.like(emulated, { runner: 'tcg-direct', pilotBlocks: 0, measuredBlocks: CONFIG.emulatedBlocks });
  const [, hidden] = plannedWork(experiment('startup', { emulatedToo: false }), [NATIVE, TCG], CONFIG).runners;
  t.like(hidden, { measuredBlocks: 0, instances: 0 });
  t.like(plannedWork(experiment('startup'), [TCG], CONFIG).runners[0], { pilotBlocks: 3, measuredBlocks: 24 });
});

test('disk starts five side by side in each of its fixed blocks', (t) => {
  const [native] = plannedWork(experiment('disk', { pilotBlocks: 0, fixedBlocks: 6 }), [NATIVE], CONFIG).runners;
  t.like(native, { measuredBlocks: 6, instances: 30, atOnce: 5 });
});

test('density starts up to the ceiling of its kind, once for each arm and ramp', (t) => {
  const loaded = { containers: 20, vms: 50 };
  const density = { ...CONFIG.density, containers: 100, vms: 10, loaded, arms: ['idle', 'loaded'] as const };
  const ramps = experiment('density', { pilotBlocks: 0, fixedBlocks: 3 });
  const kvm = supported('kvm-direct', 'vm', 'kvm');
  const [runc, vm] = plannedWork(ramps, [RUNC, kvm], { ...CONFIG, density }).runners;
  t.like(runc, { instances: 360, atOnce: 100 });
  t.like(vm, { instances: 60, atOnce: 10 });
});

test('the text says what runs and what cannot, what is made, and that nothing was changed', (t) => {
  const ramps = experiment('density', { pilotBlocks: 0, fixedBlocks: 6 });
  const text = renderDryRun(describeRun(CONFIG, { ...FACTS, experiments: [experiment('startup'), ramps] }));
  t.regex(text, /^Nothing was changed\./);
  t.regex(text, /^ {2}runs {4}kvm-direct as tcg-direct: title of tcg-direct$/m);
  t.regex(text, /^ {2}cannot {2}docker: no .*answer\n {10}→ start it$/m);
  t.false(text.includes('\u001b'));
  t.regex(text, /^ {2}base {2}\/srv\/tare\/images\/aaaa +there: sha256:a{16}…, 256\.0 MiB$/m);
  t.regex(text, /^ {2}node {2}below \/srv\/tare\/images +to be built/m);
  t.regex(text, /^ {2}folder +\/srv\/tare\/runs\/<tag> +scratch of the run$/m);
  t.regex(text, /^ {2}\/srv\/out\/<date>-<time>-<tag>$/m);
  t.regex(text, /^ {2}instances +2-3$/m);
  t.regex(text, /^ {2}note: Something is shared\.$/m);
  t.regex(text, /^ {2}startup +redis +runc +3 \+ 24 +27 +1$/m);
  t.regex(text, /^ {2}about 13 min of measuring at most, after what has to be built/m);
  t.regex(
    text,
    /^ {2}density begins one block whatever is left: 3 ramps, each starting instances for 20 min at most$/m,
  );
  t.regex(text, /^ {2}at least 3\.2 GiB of memory stay available, 16\.0 GiB now$/m);
});

test('bounds of a density ramp are only there where one is asked for', (t) => {
  const described = describeRun({ ...CONFIG, experiments: ['startup'] }, FACTS);
  t.is(described.density, null);
  t.false(renderDryRun(described).includes('density ramp'));
});

test('without root, and where the run would be refused, the text says so first', (t) => {
  t.regex(renderDryRun(describeRun(CONFIG, { ...FACTS, root: false })), /without root/);
  const busy = describeRun(CONFIG, { ...FACTS, otherRun: '20260101-000000-abcdef' });
  t.regex(renderDryRun(busy), /would be refused: run 20260101-000000-abcdef is going on/);
  const runners = [{ id: 'docker', support: { ok: false, code: 'X', reason: 'r', hint: '' } as const }];
  t.is(describeRun(CONFIG, { ...FACTS, runners }).refusedBecause, 'no runner can run here');
});

test('clients outside are planned for where throughput measures over the bridge', (t) => {
  const over = { client: 'bridge' } as Measurement;
  const facts = { ...FACTS, experiments: [experiment('throughput', {}, [over])] };
  const has = (run: ReturnType<typeof describeRun>) => run.changes.some(({ name }) => name === 'tare-<tag>-client');
  t.true(has(describeRun(CONFIG, facts)));
  t.false(has(describeRun(CONFIG, { ...FACTS, experiments: [experiment('startup', {}, [over])] })));
});

test('it is plain data that survives JSON', (t) => {
  const described = describeRun(CONFIG, FACTS);
  t.deepEqual(JSON.parse(JSON.stringify(described)), described as unknown);
});

test('settings of the host are changed only where that is asked for', (t) => {
  const settings = (tune: boolean) =>
    describeRun({ ...CONFIG, tune }, FACTS).changes.filter(({ kind }) => kind === 'setting');
  t.deepEqual(settings(false), []);
  t.deepEqual(
    settings(true).map(({ name, what }) => `${name}: ${what}`),
    ['/proc/sys/vm/swappiness: 1 in place of 60, until the end'],
  );
});

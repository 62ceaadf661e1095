import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import type { Examination } from '../../bench/cli/doctor/examine.ts';
import type { DryRun } from '../../bench/cli/dry-run.ts';
import { sealEvidence } from '../../bench/journal/read.ts';
import type { JournalEvent, LimitsEvent } from '../../bench/model/journal.ts';
import type { Manifest } from '../../bench/model/manifest.ts';
import type { Result } from '../../bench/model/result.ts';
import { resultSchema } from '../../reports/result-json.ts';
import { CONTRACT } from '../../runners/contract.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { SLOW } from '../helpers/here.ts';
import { type RigResults, runRig } from '../helpers/rig.ts';
import { countTap } from '../helpers/summary/tap.ts';
import { onlyBundle, tare } from '../helpers/tare.ts';

const FULL = process.argv.includes('full');
const MINUTE = 60_000;
const CONTAINERS = ['runc', 'docker'];
const GUESTS = FULL ? ['kvm-direct', 'kvm'] : ['kvm-direct'];

/** Held to the whole contract by the long run. */
const WHOLE = [...CONTAINERS, 'kvm-direct'];

/** Of all runners together: a pattern that matches nothing any more would go unnoticed otherwise. */
const RULES = FULL
  ? {
      conformance:
        WHOLE.length * CONTRACT.length + 6 * RUNNERS.filter(({ id }) => ![...SLOW, ...WHOLE].includes(id)).length,
      'conformance-kvm': 6 * 2,
    }
  : { conformance: 3 + 2 + 3 + 6 };

let rig: RigResults & Disposable;

test.serial.before('a host with systemd, cgroup v2 and KVM is booted', async (t) => {
  const limit = FULL ? 300 * MINUTE : 60 * MINUTE;
  t.timeout(limit + 10 * MINUTE);
  rig = await runRig(FULL ? 'full' : 'short', limit);
});

test.serial.after.always('what came out of it is removed', () => rig?.[Symbol.dispose]());

/** What a step printed; it must have ended well, or its last lines are the failure. */
function good(t: ExecutionContext, name: string): string {
  const { exitCode, stdout, stderr } = rig.step(name);
  t.is(exitCode, 0, `${name}: ${`${stdout}\n${stderr}`.slice(-4000)}`);
  return stdout;
}

/** A doctor that finds no runner ends with 3 and prints what it found all the same, so that its code says nothing here. */
function kvmCheck(t: ExecutionContext, name: string): { readonly found: string; readonly advice: string | null } {
  const { exitCode, stdout, stderr } = rig.step(name);
  t.not(stdout, '', `${name} printed nothing, exit code ${String(exitCode)}: ${stderr.slice(-2000)}`);
  const { checks } = JSON.parse(stdout) as Examination;
  const { found, advice } = checks.find(({ id }) => id === 'kvm') ?? { found: 'no such check', advice: null };
  return { found, advice };
}

/** The state of each service, by unit. */
function services(name: string, t: ExecutionContext): Readonly<Record<string, string>> {
  const units = good(t, name).trim().split('\n\n');
  return Object.fromEntries(
    units.map((text) => {
      const field = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
      return [field('Id'), field('ActiveState')];
    }),
  );
}

test('inside are systemd, cgroup v2, a CPU with SVM, and KVM as a module', (t) => {
  t.log(`steps: ${readFileSync(join(rig.folder, 'times'), 'utf8').trim().replaceAll('\n', ', ')}`);
  const facts = good(t, 'facts');
  for (const line of ['cgroup cgroup2fs', 'init systemd', 'svm', 'kvm_amd'])
    t.true(facts.split('\n').includes(line), facts);
  t.regex(facts, /^crw.* \/dev\/kvm$/m);
});

test('the set-up starts docker through systemd, uses the libvirtd that runs, and "make down" stops only docker', (t) => {
  good(t, 'services');
  t.regex(good(t, 'set-up'), /^starting docker$/m);
  good(t, 'down');
  const [before, up, after] = [services('before', t), services('while-up', t), services('after', t)];
  const docker = [before, up, after].map((states) => states['docker.service']);
  t.deepEqual(docker, ['inactive', 'active', 'inactive']);
  t.is(after['containerd.service'], 'inactive');
  t.is(before['libvirtd.service'], 'active');
  // Debian's libvirtd ends by itself after two idle minutes: its socket stands for it.
  t.is(up['libvirtd.socket'], 'active');
  t.is(after['libvirtd.socket'], 'active');
  const stops = good(t, 'stops');
  t.regex(stops, /^Stopping docker\.service/m);
  t.notRegex(stops, /libvirt/);
});

test('every runner holds to the contract', async (t) => {
  for (const [name, rules] of Object.entries(RULES)) {
    const lines: string[] = [];
    const counts = await countTap(Readable.from([rig.step(name).stdout]), (line) => lines.push(line));
    t.log(`${name}: ${counts.passed} rules held`);
    t.is(counts.failed, 0, lines.filter((line) => !/^ {2}ok/.test(line)).join('\n'));
    t.true(counts.passed >= rules, `${name}: ${rules} rules are asked for`);
    good(t, name);
  }
});

function evidence(folder = 'runs'): {
  readonly manifest: Manifest;
  readonly limits: readonly LimitsEvent[];
  readonly result: Result;
} {
  const bundle = onlyBundle(join(rig.folder, folder));
  const text = (name: string) => readFileSync(join(bundle, name), 'utf8');
  const events = text('journal.ndjson').trim().split('\n');
  return {
    manifest: JSON.parse(text('manifest.json')) as Manifest,
    limits: events.map((line) => JSON.parse(line) as JournalEvent).filter((event) => event.type === 'limits'),
    result: resultSchema.parse(JSON.parse(text('result.json'))),
  };
}

test('a run measures every runner, guests on KVM by the word of their monitor', (t) => {
  good(t, 'run');
  const { manifest, limits, result } = evidence();
  t.is(result.outcome, 'complete');
  t.deepEqual(result.unavailable, []);
  t.deepEqual(
    result.failures.filter(({ code }) => code !== 'NO_SLOPE'),
    [],
  );
  t.regex(manifest.host.cgroup, /^v2/);
  const ids = ['native', ...CONTAINERS, ...GUESTS];
  t.deepEqual(
    manifest.runners.map(({ id, as }) => [id, as]),
    ids.map((id) => [id, id]),
  );
  for (const id of ids) {
    const runner = manifest.runners.find((one) => one.id === id);
    const isGuest = GUESTS.includes(id);
    t.is(runner?.capabilities.accelerator, isGuest ? 'kvm' : 'none');
    t.is(runner?.capabilities.nested, isGuest ? true : undefined);
    const read = limits.filter((event) => event.runner === id).map((event) => event.limits);
    t.true(read.length > 0, id);
    for (const { accelerator, memoryBytes, cpus } of read) {
      t.is(accelerator, isGuest ? 'kvm' : 'none');
      t.deepEqual([memoryBytes, cpus?.length], id === 'native' ? [null, 1] : [manifest.spec.memoryBytes, 1], id);
    }
    const ready = result.cells.find(({ runner: of, metric }) => of === id && metric === 'ready');
    t.true((ready?.median ?? 0) > 0, id);
    t.log(`${id}: ready ${((ready?.median ?? Number.NaN) / 1e9).toFixed(2)} s, ${JSON.stringify(read[0])}`);
  }
});

/** Runners that this development's hosts have no place for, or that a host with systemd treats otherwise. */
const OTHERS = [
  ...['native', 'namespace', 'lxc', 'lxc-system', 'crun', 'nspawn', 'gvisor', 'qemu'],
  ...(FULL ? ['podman', 'runc-in-kvm'] : []),
];
const OTHER_GUESTS = ['qemu', 'runc-in-kvm'];

test('every other runner starts on cgroup v2 and systemd with the limits asked for, and microvm on KVM', (t) => {
  good(t, 'others');
  const { manifest, limits, result } = evidence('other-runs');
  t.is(result.outcome, 'complete');
  t.deepEqual(result.failures, []);
  t.deepEqual(
    manifest.runners.map(({ id }) => id),
    OTHERS,
  );
  t.is(manifest.runners.find(({ id }) => id === 'qemu')?.options?.['machine'], 'microvm');
  for (const { id, as } of manifest.runners) {
    const read = limits.filter((event) => event.runner === as).map((event) => event.limits);
    t.true(read.length > 0, id);
    for (const { accelerator, memoryBytes, cpus } of read) {
      t.is(accelerator, OTHER_GUESTS.includes(id) ? 'kvm' : 'none', id);
      t.deepEqual([memoryBytes, cpus?.length], id === 'native' ? [null, 1] : [manifest.spec.memoryBytes, 1], id);
    }
    const ready = result.cells.find(({ runner: of, metric }) => of === as && metric === 'ready');
    t.true((ready?.median ?? 0) > 0, id);
    t.log(`${id}: ready ${((ready?.median ?? Number.NaN) / 1e9).toFixed(2)} s, ${JSON.stringify(read[0])}`);
  }
});

test('a ramp reads memory and pressure from cgroup v2, and ends where it was to', (t) => {
  // The long run has ramps of every runner.
  const result = FULL ? evidence().result : resultSchema.parse(JSON.parse(good(t, 'density')));
  const { outcome, failures, ramps } = result;
  t.is(outcome, 'complete');
  t.deepEqual(
    failures.filter(({ code }) => code !== 'NO_SLOPE'),
    [],
  );
  for (const id of ['native', 'runc']) {
    const last = ramps.find(({ runner }) => runner === id)?.steps.at(-1);
    t.like(last, { alive: 4, stop: { rule: 'ceiling' } }, id);
  }
});

/** The same evidence as it would be had the guests been emulated. */
function emulatedCopy(bundle: string, target: string): void {
  cpSync(bundle, target, { recursive: true });
  const path = join(target, 'manifest.json');
  const { runners, ...manifest } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const asEmulated = runners.map((runner) => {
    const { accelerator, ...capabilities } = runner.capabilities;
    return { ...runner, capabilities: { ...capabilities, accelerator: accelerator === 'kvm' ? 'tcg' : accelerator } };
  });
  writeFileSync(path, `${JSON.stringify({ ...manifest, runners: asEmulated })}\n`);
  sealEvidence(target);
}

test('read outside, the bundle says nested in every form, and is never held against an emulated one', async (t) => {
  const bundle = onlyBundle(join(rig.folder, 'runs'));
  const out = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(out, { recursive: true }));
  const again = await tare(['report', bundle]);
  t.is(again.exitCode, 0, again.all);
  const { result } = evidence();
  for (const runner of result.runners.filter(({ isolation }) => isolation === 'vm')) {
    t.regex(runner.title, /^KVM, nested/);
    const shown = `${runner.as} (nested)`;
    for (const name of ['table.md', 'report.html'])
      t.true(readFileSync(join(bundle, name), 'utf8').includes(shown), name);
  }
  const emulated = join(out, 'emulated');
  emulatedCopy(bundle, emulated);
  const compared = await tare(['compare', bundle, emulated]);
  t.is(compared.exitCode, 3, compared.all);
  t.regex(compared.all ?? '', /runner kvm-direct accelerator is kvm/);
});

test('doctor tells apart: nested KVM, no module, no permission, in a container', (t) => {
  good(t, 'doctor');
  t.is(kvmCheck(t, 'doctor').found, '/dev/kvm opens (svm), nested in a virtual machine');
  t.is(kvmCheck(t, 'without-module').found, 'the kernel module kvm_amd is not loaded: VMs run emulated');
  t.is(kvmCheck(t, 'without-module').advice, 'modprobe kvm_amd');
  t.is(kvmCheck(t, 'as-nobody').found, 'no permission for /dev/kvm: VMs run emulated');
  t.regex(kvmCheck(t, 'in-container').found, /^\/dev\/kvm does not open \(ENOENT\) in this container/);
});

test('without KVM a run goes to TCG under its own name, or fails where KVM was asked for', (t) => {
  good(t, 'no-module');
  const { runners } = JSON.parse(good(t, 'auto-without-kvm')) as DryRun;
  const [only] = runners;
  t.like(only, { id: 'kvm-direct', support: { ok: true, as: 'tcg-direct' } });
  const { exitCode, stderr } = rig.step('forced-kvm');
  t.is(exitCode, 3, stderr.slice(-2000));
  t.regex(stderr, /the kernel module kvm_amd is not loaded/);
  good(t, 'with-module');
});

test('nothing of tare’s is left inside', (t) => {
  good(t, 'leftovers');
});

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { z } from 'zod';
import type { Instance } from '../../bench/model/runner.ts';
import { docker } from '../../runners/docker/cli.ts';
import { dockerRunner } from '../../runners/docker/index.ts';
import { runcRunner } from '../../runners/runc/index.ts';
import { realRun } from '../helpers/real-run.ts';

/** Calls on whose fate the Docker versions differ: let through until 24, and known only to newer ones. */
const UNTIL_24 = /^io_uring_/;
const SINCE_23 =
  /^(process_vm_\w+|pkey_\w+|name_to_handle_at|\w+xattrat|statmount|listmount|cachestat|fchmodat2|mseal)$/;
const SINCE_25 = /^(futex_(requeue|wait|wake)|map_shadow_stack|uretprobe)$/;

/** The part of an OCI config that confines; both are read from what was really given to runc. */
const configSchema = z.looseObject({
  process: z.looseObject({ capabilities: z.record(z.string(), z.array(z.string())) }),
  mounts: z.array(z.looseObject({ destination: z.string(), type: z.string(), options: z.array(z.string()) })),
  linux: z.looseObject({
    maskedPaths: z.array(z.string()),
    readonlyPaths: z.array(z.string()),
    seccomp: z.looseObject({
      defaultAction: z.string(),
      syscalls: z.array(
        z.looseObject({
          names: z.array(z.string()),
          action: z.string(),
          args: z.array(z.looseObject({ value: z.number() })).nullish(),
        }),
      ),
    }),
  }),
});
type Config = z.infer<typeof configSchema>;

/** Where containerd keeps the bundles of Docker's containers: its own service's, or the engine's private one. */
const BUNDLES = [
  '/run/containerd/io.containerd.runtime.v2.task/moby',
  '/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby',
];

function configOfDocker(id: string): Config {
  const path = BUNDLES.map((folder) => join(folder, id, 'config.json')).find((file) => existsSync(file)) ?? '';
  return configSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

const letThrough = (config: Config) =>
  new Set(
    config.linux.seccomp.syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW').flatMap(({ names }) => names),
  );

const without = (all: Iterable<string>, others: { has(name: string): boolean }) =>
  [...all].filter((name) => !others.has(name));

const fixed = (config: Config) =>
  config.mounts
    .filter(({ destination }) => !destination.startsWith('/etc/') && !destination.startsWith('/tare/'))
    .map(({ destination, type, options }) => `${destination} ${type} ${options.toSorted().join()}`)
    .toSorted();

/** Numbers of x86-64 and arguments; each answers with errno, 0 for none. What an engine's version decides is left out. */
const PROBES: Readonly<Record<string, readonly number[]>> = {
  keyctl: [250, 0, 0, 0, 0, 0],
  add_key: [248, 0, 0, 0, 0, 0],
  userfaultfd: [323, 0],
  perf_event_open: [298, 0, 0, 0, 0, 0],
  bpf: [321, 0, 0, 0],
  kexec_load: [246, 0, 0, 0, 0],
  'unshare a user namespace': [272, 0x10000000],
  'clone3 (falls back)': [435, 0, 0],
  'personality of Linux': [135, 0xffffffff],
  'personality without randomisation': [135, 0x40000],
  quotactl: [179, 0, 0, 0, 0],
  mount: [165, 0, 0, 0, 0, 0],
  getpid: [39],
  sync_file_range: [277, -1, 0, 0, 0],
};

async function fates(instance: Instance): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const [name, numbers] of Object.entries(PROBES)) {
    const script = `$r = syscall(${numbers.join(', ')}); print $r < 0 ? 0 + $! : 0`;
    found[name] = (await instance.exec(['/usr/bin/perl', '-e', script], { timeoutMs: 10_000 })).stdout;
  }
  return found;
}

test.serial('runc is given the confinement that Docker gives here', async (t) => {
  const { spec, run } = await realRun(t);
  await using engine = await dockerRunner.prepare(spec, run);
  await using inEngine = await engine.start(run, 0);
  await using bare = await runcRunner.prepare(spec, run);
  await using alone = await bare.start(run, 1);
  const id = (await docker(['inspect', '--format', '{{.Id}}', inEngine.ref.id])).stdout.trim();
  const theirs = configOfDocker(id);
  const ours = configSchema.parse(JSON.parse(alone.logs['config.json'] ?? ''));

  t.deepEqual(ours.process.capabilities, theirs.process.capabilities);
  t.deepEqual(fixed(ours), fixed(theirs));
  t.deepEqual(ours.linux.readonlyPaths.toSorted(), theirs.linux.readonlyPaths.toSorted());
  t.deepEqual(without(ours.linux.maskedPaths, new Set(theirs.linux.maskedPaths)), []);

  t.is(ours.linux.seccomp.defaultAction, theirs.linux.seccomp.defaultAction);
  const onlyTheirs = without(letThrough(theirs), letThrough(ours));
  t.deepEqual(
    onlyTheirs.filter((name) => !UNTIL_24.test(name)),
    [],
  );
  const onlyOurs = without(letThrough(ours), letThrough(theirs));
  t.deepEqual(
    onlyOurs.filter((name) => !SINCE_23.test(name) && !SINCE_25.test(name)),
    [],
  );

  t.deepEqual(await fates(alone), await fates(inEngine));
});

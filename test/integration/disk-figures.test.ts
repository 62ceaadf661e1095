import test from 'ava';
import { execa } from 'execa';
import { allocatedBytes, syncFileSystem } from '../../bench/image/usage.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { NOT_HERE, OPTIONS_HERE, SLOW } from '../helpers/here.ts';
import { realRun } from '../helpers/real-run.ts';

/** Allocated bytes as `qemu-img info` sees them, for a disk that may be in use. */
async function qemuImgBytes(path: string): Promise<number> {
  const { stdout } = await execa('qemu-img', ['info', '--force-share', '--output', 'json', path]);
  return (JSON.parse(stdout) as { 'actual-size': number })['actual-size'];
}

async function duBytes(path: string): Promise<number> {
  const { stdout } = await execa('du', ['-s', '-x', '-B1', path]);
  return Number.parseInt(stdout, 10);
}

/** A whole system's disk is made and counted as the directly booted guest's is, a container's system as the application's. */
const SYSTEMS = [...SLOW, 'lxc-system'];

for (const runner of RUNNERS.filter(({ id }) => !SYSTEMS.includes(id) && !(id in NOT_HERE))) {
  test.serial(`the bytes of ${runner.id} are those that du and qemu-img see`, async (t) => {
    const { spec, run: bare } = await realRun(t);
    const run = { ...bare, options: OPTIONS_HERE[runner.id] ?? {} };
    const support = await runner.probe(run);
    t.true(support.ok, JSON.stringify(support));
    await using prepared = await runner.prepare(spec, { ...run, startTimeoutMs: 120_000 });
    await using instance = await prepared.start({ ...run, startTimeoutMs: 120_000 }, 0);
    const paths = [...(await prepared.imagePaths()), ...instance.diskPaths()];
    t.true(paths.length > 0);
    for (const path of paths) {
      await syncFileSystem(path);
      const bytes = await allocatedBytes([path]);
      t.is(bytes, await duBytes(path), path);
      if (/\.(?:qcow2|raw|img)$/.test(path)) t.is(bytes, await qemuImgBytes(path), path);
    }
    if (runner.id === 'kvm-direct') t.true(paths.some((path) => path.endsWith('.qcow2')));
  });
}

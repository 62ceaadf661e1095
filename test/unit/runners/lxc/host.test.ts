import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { limitsSwap } from '../../../../runners/lxc/host.ts';
import type { Hierarchy } from '../../../../runners/shared/cgroups.ts';

/** A hierarchy with the memory controller and these files. */
function hierarchy(t: ExecutionContext, version: 1 | 2, files: readonly string[]): readonly Hierarchy[] {
  const mountPoint = mkdtempSync(join(tmpdir(), 'tare-cgroup-'));
  t.teardown(() => rmSync(mountPoint, { recursive: true }));
  for (const file of files) {
    mkdirSync(dirname(join(mountPoint, file)), { recursive: true });
    writeFileSync(join(mountPoint, file), '');
  }
  return [{ version, controllers: ['memory'], mountPoint, root: '/' }];
}

test('v1 shows at its root whether swap is counted', (t) => {
  t.true(limitsSwap(hierarchy(t, 1, ['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'])));
  t.false(limitsSwap(hierarchy(t, 1, ['memory.limit_in_bytes'])));
});

test('v2 shows it on a cgroup below its root that has the controller', (t) => {
  const plain = ['cgroup.procs', 'dev.mount/cgroup.procs'];
  t.true(limitsSwap(hierarchy(t, 2, [...plain, 'system.slice/memory.max', 'system.slice/memory.swap.max'])));
  t.false(limitsSwap(hierarchy(t, 2, [...plain, 'system.slice/memory.max'])));
});

test('without the controller there is nothing to limit', (t) => {
  t.false(limitsSwap([]));
});

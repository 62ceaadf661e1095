import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { limitsOf } from '../../../../runners/shared/cgroups.ts';

/** A cgroup v2 tree in a folder: files of each cgroup by its path. */
function tree(t: ExecutionContext, cgroups: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const root = mkdtempSync(join(tmpdir(), 'tare-test-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const [path, files] of Object.entries(cgroups)) {
    mkdirSync(join(root, path), { recursive: true });
    for (const [name, text] of Object.entries({ 'cgroup.procs': '', ...files }))
      writeFileSync(join(root, path, name), text);
  }
  return root;
}

const NONE = { 'memory.max': 'max\n', 'memory.swap.max': 'max\n', 'cpu.max': 'max 100000\n' };
const limits = (root: string, path: string) => limitsOf(new Map([['', join(root, path)]]));

test('limits of v2 are read where they are set, on the way up', (t) => {
  const scope = { 'memory.max': '268435456\n', 'memory.swap.max': '0\n', 'cpu.max': '50000 100000\n' };
  const root = tree(t, {
    '.': {},
    'machine.slice': NONE,
    'machine.slice/a.scope': scope,
    'machine.slice/a.scope/container': NONE,
  });
  const found = { memoryBytes: 268_435_456, swapBytes: 0, cpuQuota: 0.5 };
  t.deepEqual(limits(root, 'machine.slice/a.scope/container'), found);
  t.deepEqual(limits(root, 'machine.slice/a.scope'), found);
});

test('the narrowest limit binds, and none is none', (t) => {
  const root = tree(t, {
    '.': {},
    narrow: { ...NONE, 'memory.max': '1000\n' },
    'narrow/wide': { ...NONE, 'memory.max': '2000\n' },
    free: NONE,
  });
  t.is(limits(root, 'narrow/wide').memoryBytes, 1000);
  t.deepEqual(limits(root, 'free'), { memoryBytes: null, swapBytes: null, cpuQuota: null });
});

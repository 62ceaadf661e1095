import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { CleanupError } from '../../bench/errors.ts';
import type { ResourceRef } from '../../bench/model/owner.ts';
import { type Capabilities, defineRunner, type Prepared } from '../../bench/model/runner.ts';
import { removeFolder } from '../../bench/image/folder.ts';
import { NAME_PREFIX, tagOf } from '../../bench/proc/owner.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { compressedTreeBytes } from '../shared/distribution.ts';
import { hasProgram } from '../shared/programs.ts';
import { INSTANCE_VARIABLE, killUntilGone, processesWith, variableOf } from '../shared/processes.ts';
import { runFolders, type Sweep, sweepAll, sweepEach } from '../shared/sweep.ts';
import { startNative } from './instance.ts';
import { nativeFolder, runTree } from './tree.ts';

const NO_BOX = 'a process on the host without a box: this is what the boxes are compared with';

const CAPABILITIES: Capabilities = {
  isolation: 'none',
  accelerator: 'none',
  marks: ['launched', 'api', 'exec', 'ready', 'reachable'],
  designed: (['memoryBytes', 'swapBytes', 'seccomp', 'capabilities', 'apparmor'] as const).map((limit) => ({
    limit,
    why: NO_BOX,
  })),
};

/** Value of the variable of native instances that belong to a matching owner. */
const INSTANCE_NAME = new RegExp(`^${NAME_PREFIX}[0-9a-f]{6}-native-\\d+$`);

const sweepInstances: Sweep = async (owner, context) => {
  const find = () =>
    processesWith(INSTANCE_VARIABLE, (name) => INSTANCE_NAME.test(name) && owner.matches(tagOf(name) ?? ''));
  const found = find().map(({ pid }): ResourceRef => {
    const tag = tagOf(variableOf(pid, INSTANCE_VARIABLE) ?? '') ?? '';
    return { kind: 'process', id: String(pid), tag };
  });
  if (!context.dryRun && found.length > 0 && !(await killUntilGone(find))) {
    throw new CleanupError(
      'PROCESS_STAYS',
      `native instances could not be killed: ${find()
        .map(({ pid }) => pid)
        .join(', ')}`,
    );
  }
  return found;
};

const sweepTrees: Sweep = async (owner, context) => {
  const found = runFolders(context.stateDir, owner)
    .map(({ path, tag }) => ({ kind: 'folder', id: nativeFolder(path), tag }) as const)
    .filter(({ id }) => existsSync(id));
  return sweepEach(found, context, removeFolder);
};

/** The workload from the same tree by chroot on the host, on the same CPUs: the denominator of every ratio. */
export const nativeRunner = defineRunner({
  id: 'native',
  apiVersion: 1,
  async probe() {
    if (process.getuid?.() !== 0) {
      return { ok: false, code: 'NOT_ROOT', reason: 'chroot needs root', hint: 'run tare with sudo' };
    }
    for (const program of ['chroot', 'taskset']) {
      if (hasProgram(program)) continue;
      return { ok: false, code: 'TOOL_MISSING', reason: `${program} is not installed`, hint: packageOf(program) };
    }
    return {
      ok: true,
      as: 'native',
      title: 'native (chroot)',
      capabilities: CAPABILITIES,
      versions: { kernel: release() },
    };
  },
  async prepare(spec, run): Promise<Prepared> {
    const tree = await runTree(spec.image, run);
    return {
      digest: spec.image.manifest.digest,
      distribution: async () => ({ tree: await compressedTreeBytes(spec.image) }),
      // The store's tree: the run's copy, equal to it, also holds what the instances write.
      imagePaths: async () => [spec.image.tree],
      daemons: async () => [],
      start: (context, index, options) => startNative(spec, tree.value, context, index, options),
      [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
    };
  },
  sweep: (owner, context) => sweepAll([sweepInstances, sweepTrees], owner, context),
});

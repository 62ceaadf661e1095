import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from '../../bench/image/folder.ts';
import type { Image } from '../../bench/model/image.ts';
import type { RunContext } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { Refcounted, type Use } from '../shared/refcounted.ts';

/** Where this runner keeps everything of a run. */
export function nativeFolder(runDir: string): string {
  return join(runDir, 'native');
}

const trees = new Refcounted<string>();

async function copy(image: Image, run: RunContext, undo: AsyncDisposableStack): Promise<string> {
  const folder = nativeFolder(run.runDir);
  const tree = join(folder, `tree-${image.manifest.digest.slice('sha256:'.length, 'sha256:'.length + 16)}`);
  // The last tree takes the folder with it.
  undo.defer(() => rmdir(folder).catch(() => {}));
  undo.defer(() => removeFolder(tree));
  await mkdir(folder, { recursive: true });
  await removeFolder(tree);
  await exec(['cp', '--archive', '--reflink=auto', image.tree, tree], { signal: run.signal });
  return tree;
}

/**
 * A copy of the image's tree that this run may write to, shared by its native instances; the last user's disposal removes it.
 * The store's own tree is never written to.
 */
export function runTree(image: Image, run: RunContext): Promise<Use<string>> {
  return trees.acquire(`${run.owner.tag} ${image.manifest.digest}`, (undo) => copy(image, run, undo));
}

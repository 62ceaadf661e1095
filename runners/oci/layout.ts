import { join } from 'node:path';
import type { RunContext } from '../../bench/model/runner.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { vethName } from '../shared/netns.ts';
import { runtimeFolder } from './cli.ts';
import type { OciRuntime } from './runtime.ts';

/** Paths and names of one instance. */
export function layout(runtime: Pick<OciRuntime, 'id'>, run: RunContext, index: number) {
  const { tag } = run.owner;
  const folder = join(runtimeFolder(runtime, run.runDir), `i${index}`);
  const inFolder = (name: string) => join(folder, name);
  return {
    name: ownedName(tag, `${runtime.id}-${index}`),
    netns: ownedName(tag, String(index)),
    veth: vethName(tag, index),
    folder,
    upper: inFolder('upper'),
    work: inFolder('work'),
    rootfs: inFolder('rootfs'),
    marks: inFolder('marks'),
    commands: inFolder('commands'),
    output: inFolder('output.log'),
    pidFile: inFolder('pid'),
  };
}

export type Layout = ReturnType<typeof layout>;

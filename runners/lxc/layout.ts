import { join } from 'node:path';
import type { RunContext } from '../../bench/model/runner.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { vethName } from '../shared/netns.ts';
import { lxcPath } from './cli.ts';

/** Paths and names of one instance. LXC itself looks for `<lxcpath>/<name>/config`. */
export function layout(id: string, run: RunContext, index: number) {
  const { tag } = run.owner;
  const path = lxcPath(id, run.runDir);
  const name = ownedName(tag, `${id}-${index}`);
  const folder = join(path, name);
  const inFolder = (file: string) => join(folder, file);
  return {
    path,
    name,
    veth: vethName(tag, index),
    folder,
    config: inFolder('config'),
    upper: inFolder('upper'),
    marks: inFolder('marks'),
    commands: inFolder('commands'),
    /** What the workload writes. */
    output: inFolder('output.log'),
    console: inFolder('console.log'),
    log: inFolder('lxc.log'),
    /** Of the process that LXC leaves beside a container. */
    monitorPid: inFolder('monitor.pid'),
  };
}

export type Layout = ReturnType<typeof layout>;

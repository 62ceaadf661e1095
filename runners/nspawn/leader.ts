import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ResourceError } from '../../bench/errors.ts';
import { pidsIn, processFolder } from '../shared/cgroups.ts';
import { statusField } from '../shared/describe.ts';
import { statOf } from '../shared/processes.ts';
import { ownFolders } from '../namespace-common/own-cgroup.ts';

/** Where cgroups v2 are, nspawn puts the container into a cgroup of this name below its own. */
const PAYLOAD = 'payload';

/** Whether a /proc/PID/status text is that of process 1 of a PID namespace below the reader's. */
export function isFirstOfNamespace(status: string): boolean {
  const pids = statusField(status, 'NSpid')?.trim().split(/\s+/) ?? [];
  return pids.length > 1 && pids.at(-1) === '1';
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** The container's process 1: nspawn's child that is the first of its PID namespace. @throws ResourceError `NO_LEADER`. */
export function leaderOf(nspawn: number, name: string): number {
  const folder = processFolder(ownFolders(nspawn, name));
  const candidates = folder === undefined ? [] : [...pidsIn(folder), ...pidsIn(join(folder, PAYLOAD))];
  const leader = candidates.find((pid) => statOf(pid)?.ppid === nspawn && isFirstOfNamespace(statusOf(pid)));
  if (leader !== undefined) return leader;
  throw new ResourceError('NO_LEADER', `the first process of ${name} cannot be found below process ${nspawn}`);
}

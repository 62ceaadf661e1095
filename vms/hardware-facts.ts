import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import type { HardwareFacts } from './hardware.ts';

const VHOST_NET = '/dev/vhost-net';
const FREE_HUGE_PAGES = '/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a hugetlbfs with pages of 2 MiB is among these mounts, which is what one without options has on x86-64. Pure. */
export function mountsHugePages(mountinfo: string): boolean {
  return mountinfo.split('\n').some((line) => {
    const [type, , options = ''] = (line.split(' - ')[1] ?? '').split(' ');
    return type === 'hugetlbfs' && /^(?!.*pagesize=)|pagesize=(?:2M|2048K)(?:,|$)/.test(options);
  });
}

/** Whether vhost-net really works: its node may be there without the module behind it, which opening it loads. */
export function opensVhostNet(): boolean {
  try {
    closeSync(openSync(VHOST_NET, constants.O_RDWR));
    return true;
  } catch {
    return false;
  }
}

/**
 * What this host offers to guests' hardware. Changes nothing, never throws.
 * @param root where the host's / is; for tests.
 */
export function hardwareFacts(root = ''): HardwareFacts {
  return {
    freeHugePages: Number(read(`${root}${FREE_HUGE_PAGES}`).trim() || 0),
    hugePagesMounted: mountsHugePages(read(`${root}/proc/self/mountinfo`)),
    vhostNet: existsSync(`${root}${VHOST_NET}`),
  };
}

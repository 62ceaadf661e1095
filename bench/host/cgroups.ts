import type { HostFacts } from '../model/manifest.ts';
import { readText } from './files.ts';
import type { Mount } from './mounts.ts';

/** What the cgroup v1 hierarchies can be mounted with; other options of such a mount are no controllers. */
const V1_CONTROLLERS = [
  ...['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'],
  ...['hugetlb', 'net_cls', 'net_prio', 'perf_event', 'rdma', 'misc'],
];

export interface Cgroups {
  readonly version: HostFacts['cgroup'];
  /** Usable controllers, whichever version serves them; sorted. */
  readonly controllers: readonly string[];
}

/**
 * Which cgroup versions are mounted: `hybrid` where both are and version 1 serves at least one controller.
 * @param root where the host's / is, for the controllers of version 2.
 */
export function cgroups(mounts: readonly Mount[], root = ''): Cgroups {
  const second = mounts.find(({ type }) => type === 'cgroup2');
  const ofFirst = mounts
    .filter(({ type }) => type === 'cgroup')
    .flatMap(({ options }) => options.filter((option) => V1_CONTROLLERS.includes(option)));
  const listed = second ? (readText(`${root}${second.point}/cgroup.controllers`) ?? '') : '';
  const controllers = [...new Set([...ofFirst, ...listed.split(/\s+/).filter((name) => name !== '')])].toSorted();
  if (ofFirst.length > 0) return { version: second ? 'hybrid' : 'v1', controllers };
  return { version: second ? 'v2' : 'none', controllers };
}

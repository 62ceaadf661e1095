import type { Layout } from '../lxc/layout.ts';
import { bindMount } from '../lxc/config.ts';
import { LXC_SYSTEM_INSIDE } from './layer.ts';

/** LXC's own for system containers: what is not named there is allowed. */
export const SECCOMP_FILE = '/usr/share/lxc/config/common.seccomp';

/** LXC's own; of those that come with it the one under which a system can mount file systems. */
export const APPARMOR_PROFILE = 'lxc-container-default-with-nesting';

/** What LXC's own configuration takes from system containers. */
const DROPPED = ['mac_admin', 'mac_override', 'sys_time', 'sys_module', 'sys_rawio'];

/** What of the host decides how a system is configured. */
export interface SystemHost {
  /** Whether the AppArmor profile is loaded. */
  readonly hasProfile: boolean;
  readonly cgroupVersion: 1 | 2;
}

/**
 * What confines a whole system, as LXC's own configuration of such containers does. It has a namespace of cgroups and could
 * mount them itself, but for that profile: it allows no mount at /sys/fs/cgroup, where those of version 2 are, only below.
 * @param unitFile the workload's unit on the host.
 */
export function systemLines(
  { output }: Pick<Layout, 'output'>,
  unitFile: string,
  { hasProfile, cgroupVersion }: SystemHost,
): readonly string[] {
  const cgroups = cgroupVersion === 2 ? ' cgroup:rw:force' : '';
  return [
    `lxc.cap.drop = ${DROPPED.join(' ')}`,
    `lxc.seccomp.profile = ${SECCOMP_FILE}`,
    ...[`lxc.apparmor.profile = ${hasProfile ? APPARMOR_PROFILE : 'unconfined'}`, 'lxc.apparmor.allow_incomplete = 1'],
    `lxc.mount.auto = proc:mixed sys:mixed${cgroups}`,
    bindMount(unitFile, LXC_SYSTEM_INSIDE.unit, ['ro']),
    bindMount(output, LXC_SYSTEM_INSIDE.output),
  ];
}

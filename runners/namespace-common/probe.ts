import type { Support } from '../../bench/model/runner.ts';
import { packageOf } from '../../bench/proc/programs.ts';
import { cgroupDriver } from '../oci/cli.ts';
import type { CgroupDriver } from '../oci/runtime.ts';
import { hostProblem, refuse } from '../oci/probe.ts';
import { type Hierarchy, hierarchies } from '../shared/cgroups.ts';
import { hasProgram } from '../shared/programs.ts';

/** What the scripts beside this file need. */
const SCRIPTS = ['sh', 'nsenter'];

/** What stands in the way of limiting what an instance opens; undefined where nothing does. */
export function deviceProblem(
  { version, systemd }: CgroupDriver,
  all: readonly Hierarchy[] = hierarchies(),
): Support | undefined {
  if (version === 2 && !systemd) {
    const why =
      'cgroups v2 keep devices away by a BPF program alone, which only systemd loads for tare, and it does not run here';
    return refuse('NO_DEVICE_FILTER', why, 'use runc or crun, which load one themselves');
  }
  const has = systemd || all.some(({ controllers }) => controllers.includes('devices'));
  if (has) return undefined;
  return refuse('NO_CONTROLLER', 'this host has no cgroup controller devices', 'see "cat /proc/cgroups"');
}

/** What stands in the way of a container that tare makes the cgroup of; undefined where nothing does. */
export function boxProblem(programs: readonly [string, ...string[]], stateDir: string): Support | undefined {
  const driver = cgroupDriver();
  const needed = [...programs, ...SCRIPTS, ...(driver.systemd ? ['systemd-run'] : [])];
  const absent = needed.find((program) => !hasProgram(program));
  if (absent !== undefined) return refuse('TOOL_MISSING', `${absent} is not installed`, packageOf(absent));
  return hostProblem({ program: programs[0] }, stateDir) ?? deviceProblem(driver);
}

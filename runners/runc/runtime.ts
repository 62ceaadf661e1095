import type { OciRuntime } from '../oci/runtime.ts';

export const RUNC: OciRuntime = {
  id: 'runc',
  program: 'runc',
  notRun: /exec failed|unable to start container process|container .* (?:not running|does not exist)/,
  invocation: async ({ systemd }) => ({ options: systemd ? ['--systemd-cgroup'] : [] }),
};

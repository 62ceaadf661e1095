import type { OciRuntime } from '../oci/runtime.ts';

/** The beginnings of lines in which crun, old and new, says that it could not run something. */
const NOT_RUN = [
  ...['executable file `', 'exec `', 'open executable', 'open `', 'setns `', 'fail startup'],
  ...['the path `.*` (?:exists but it )?is not ', '(?:the )?container `.*` (?:is not running|does not exist)'],
  'error opening file `.*/status`',
];

export const CRUN: OciRuntime = {
  id: 'crun',
  program: 'crun',
  notRun: new RegExp(`^(?:${NOT_RUN.join('|')})`, 'm'),
  invocation: async ({ systemd }) => ({ options: ['--cgroup-manager', systemd ? 'systemd' : 'cgroupfs'] }),
  // By itself it puts containers into a cgroup below systemd's scope: here they are in the scope, as those of runc are.
  adapt: (config) => ({ ...config, annotations: { 'run.oci.systemd.subgroup': '' } }),
  // What old versions are given for a program takes the place of the container's own environment.
  replacesEnvironment: true,
};

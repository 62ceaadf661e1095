import type { EntryPoint } from '../model/workload.ts';

/** An entry point that does nothing and uses no port: what is measured are the programs run beside it. */
export function sleeper(workload: string): EntryPoint {
  return {
    workload,
    defaultPort: 9,
    argv: () => ['/bin/sleep', 'infinity'],
    ready: ({ port }) => ({ protocol: 'none', port }),
  };
}

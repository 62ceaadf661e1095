import type { Runner, Support } from '../../bench/model/runner.ts';

/** What a runner says of this host, with tare's own state folder. */
export function probeHere(runner: Runner): Promise<Support> {
  return runner.probe({ stateDir: '/var/lib/tare', accel: 'auto', signal: new AbortController().signal });
}

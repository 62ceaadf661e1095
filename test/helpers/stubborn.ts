import type { Instance } from '../../bench/model/runner.ts';
import { entryOf } from './real-run.ts';

const MARK = '/tmp/stubborn';

/** A workload that SIGTERM does not end. */
export const STUBBORN = entryOf(['/bin/sh', '-c', `trap "" TERM; : >${MARK}; while :; do sleep 1; done`], 'none');

/** Waits until SIGTERM does not end it any more: with nothing to ask, `ready` comes before the shell has got so far. */
export async function untilStubborn(instance: Instance): Promise<void> {
  await instance.exec(['/bin/sh', '-c', `until [ -e ${MARK} ]; do sleep 0.05; done`], { timeoutMs: 60_000 });
}

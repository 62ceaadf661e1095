import { InterruptedError } from '../errors.ts';

/**
 * The first SIGINT or SIGTERM asks everything to end in order; the second ends this process at once, and the reaper cleans.
 * A terminal that goes away (SIGHUP) counts as the first.
 */
export function interruptible(onFirst: () => void): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const handler = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.kill(process.pid, 'SIGKILL');
    controller.abort(new InterruptedError('INTERRUPTED', `interrupted by ${name}`));
    onFirst();
  };
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, handler);
    },
  };
}

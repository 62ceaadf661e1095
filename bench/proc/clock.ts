/** Nanoseconds of CLOCK_MONOTONIC on this host. */
export function nowNs(): bigint {
  return process.hrtime.bigint();
}

/** Resolves after the delay, or at once when the signal aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** Polls until the condition holds; false when the deadline passes or the signal aborts first. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  options: { readonly timeoutMs: number; readonly everyMs?: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const deadline = nowNs() + BigInt(Math.round(options.timeoutMs * 1e6));
  for (;;) {
    if (await condition()) return true;
    if (nowNs() >= deadline || options.signal?.aborted) return false;
    await delay(options.everyMs ?? 5, options.signal);
  }
}

import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { InterruptedError, ResourceError } from '../errors.ts';
import { delay } from '../proc/clock.ts';

const RETRY_MS = 300;

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return resolve(undefined);
      reject(new ResourceError('IMAGE_LOCK', `cannot lock the image store: ${error.message}`, { cause: error }));
    });
    server.listen(name, () => resolve(server));
  });
}

/**
 * Waits until no other process of this host changes the store, and keeps others waiting until it is disposed.
 * The lock is an abstract Unix socket: the kernel drops it with the process, however that ends, so no stale lock exists.
 * @param onWait called once when somebody else holds the lock.
 * @throws InterruptedError when the signal aborts; ResourceError `IMAGE_LOCK`.
 */
export async function lockStore(imagesDir: string, signal: AbortSignal, onWait: () => void): Promise<AsyncDisposable> {
  const name = `\0tare-images-${createHash('sha256').update(imagesDir).digest('hex').slice(0, 16)}`;
  for (let attempt = 0; ; attempt++) {
    if (signal.aborted) throw new InterruptedError('INTERRUPTED', 'interrupted while waiting for the image store');
    const server = await listen(name);
    if (server) {
      return {
        [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
      };
    }
    if (attempt === 0) onWait();
    await delay(RETRY_MS, signal);
  }
}

import { createConnection } from 'node:net';
import type { ReadyCheck } from '../../bench/model/workload.ts';
import { delay, nowNs } from '../../bench/proc/clock.ts';

/** What is asked, and how the first valid answer begins; the same as the probe inside asks. Nothing: being let in is the answer. */
const TALKS: Readonly<
  Record<Exclude<ReadyCheck['protocol'], 'none'>, { readonly ask: string; readonly answer: string }>
> = {
  redis: { ask: 'PING\r\n', answer: '+PONG' },
  memcached: { ask: 'version\r\n', answer: 'VERSION ' },
  tcp: { ask: '', answer: '' },
};

const EVERY_MS = 1;
/** A packet that was lost on a network that is just being made would be sent again a second later. */
const TRY_MS = 100;
/** An application that answers inside and cannot be reached after so long is not waited for any longer. */
export const REACH_MS = 10_000;
const MOST_BYTES = 1024;

/** When one attempt was answered; undefined where it was not. */
function attempt(address: string, port: number, { ask, answer }: (typeof TALKS)['tcp']): Promise<bigint | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port, noDelay: true });
    let said = '';
    const end = (atNs?: bigint) => {
      socket.destroy();
      resolve(atNs);
    };
    socket.setTimeout(TRY_MS, () => end());
    socket.on('error', () => end());
    socket.on('close', () => end());
    socket.on('connect', () => (answer === '' ? end(nowNs()) : socket.write(ask)));
    socket.on('data', (chunk: Buffer) => {
      const atNs = nowNs();
      said += chunk.toString('latin1');
      if (said.startsWith(answer)) end(atNs);
      else if (!answer.startsWith(said) || said.length > MOST_BYTES) end();
    });
  });
}

/**
 * Asks an application over the network, from the host, until it answers as it should.
 * @returns when the first valid answer arrived; undefined where none did in time, or the signal aborted.
 */
export async function firstAnswer(
  {
    address,
    port,
    protocol,
  }: { readonly address: string; readonly port: number; readonly protocol: ReadyCheck['protocol'] },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<bigint | undefined> {
  if (protocol === 'none') return undefined;
  const deadline = nowNs() + BigInt(Math.round(timeoutMs * 1e6));
  while (!signal.aborted && nowNs() < deadline) {
    const atNs = await attempt(address, port, TALKS[protocol]);
    if (atNs !== undefined) return atNs;
    await delay(EVERY_MS, signal);
  }
  return undefined;
}

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { ResourceError } from '../../bench/errors.ts';

const LOOPBACK = '127.0.0.1';
const FIRST = 20_000;

/** Ports that instances of this process have now: one may be free on the host because its instance only starts. */
const taken = new Set<number>();

/** The first port that the kernel itself hands out to clients; ours stay below. */
function firstEphemeral(): number {
  const [first = 32_768] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    .trim()
    .split(/\s+/)
    .map(Number);
  return first > FIRST ? first : 65_536;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port on loopback that nobody listens on, until it is disposed. */
export interface PortLease extends Disposable {
  readonly port: number;
}

/** @throws ResourceError `NO_PORT`. */
export async function leasePort(): Promise<PortLease> {
  const end = firstEphemeral();
  for (let port = FIRST; port < end; port += 1) {
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) return { port, [Symbol.dispose]: () => void taken.delete(port) };
    taken.delete(port);
  }
  throw new ResourceError('NO_PORT', `no port from ${FIRST} to ${end - 1} is free on ${LOOPBACK}`);
}

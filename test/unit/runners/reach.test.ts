import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { nowNs } from '../../../bench/proc/clock.ts';
import { firstAnswer } from '../../../runners/shared/reach.ts';

const LONG_MS = 10_000;
const NEVER = new AbortController().signal;

/** A server on loopback that does this with every connection. */
async function serving(t: ExecutionContext, talk: (socket: Socket, connection: number) => void) {
  let connections = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    talk(socket, (connections += 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

test('the first valid answer is stamped, whatever was said before', async (t) => {
  const target = await serving(t, (socket, connection) => {
    socket.on('data', () => {
      if (connection === 1) socket.end('-LOADING Redis is loading\r\n');
      else if (connection === 2) socket.destroy();
      else socket.end('+PONG\r\n');
    });
  });
  const before = nowNs();
  const atNs = await firstAnswer({ ...target, protocol: 'redis' }, LONG_MS, NEVER);
  t.true(atNs !== undefined && atNs > before && atNs <= nowNs());
});

test('memcached is asked for its version, and a bare port only to let us in', async (t) => {
  const asked: string[] = [];
  const target = await serving(t, (socket) => {
    socket.on('data', (chunk) => {
      asked.push(String(chunk));
      socket.write('VERSION 1.6\r\n');
    });
  });
  t.not(await firstAnswer({ ...target, protocol: 'memcached' }, LONG_MS, NEVER), undefined);
  t.not(await firstAnswer({ ...target, protocol: 'tcp' }, LONG_MS, NEVER), undefined);
  t.deepEqual(asked, ['version\r\n']);
});

test('an answer in pieces is one answer', async (t) => {
  const target = await serving(t, (socket) => {
    socket.setNoDelay(true);
    socket.on('data', () => {
      socket.write('+P');
      setTimeout(() => socket.write('ONG\r\n'), 20);
    });
  });
  t.not(await firstAnswer({ ...target, protocol: 'redis' }, LONG_MS, NEVER), undefined);
});

test('who never answers, floods or refuses is asked until the deadline, and no longer', async (t) => {
  const silent = await serving(t, () => {});
  t.is(await firstAnswer({ ...silent, protocol: 'redis' }, 150, NEVER), undefined);
  const flooding = await serving(t, (socket) => {
    const chunk = Buffer.alloc(65_536, '+');
    const more = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  });
  t.is(await firstAnswer({ ...flooding, protocol: 'redis' }, 150, NEVER), undefined);
  t.is(await firstAnswer({ address: '127.0.0.1', port: 1, protocol: 'redis' }, 50, NEVER), undefined);
});

test('an interruption ends the asking, and what has no answer is never asked', async (t) => {
  const silent = await serving(t, () => {});
  t.is(await firstAnswer({ ...silent, protocol: 'redis' }, LONG_MS, AbortSignal.timeout(50)), undefined);
  t.is(await firstAnswer({ ...silent, protocol: 'none' }, LONG_MS, NEVER), undefined);
});

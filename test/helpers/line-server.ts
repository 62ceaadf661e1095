import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

export interface LineServer {
  readonly path: string;
  /** How many connections there have been. */
  readonly connections: () => number;
}

/**
 * A peer behind a UNIX socket, gone at the test's end.
 * @param receive gets every line, without its end, and the connection; with no line when somebody connects.
 */
export async function lineServer(
  t: ExecutionContext,
  receive: (socket: Socket, line: Buffer | undefined) => void,
): Promise<LineServer> {
  const folder = mkdtempSync(join(tmpdir(), 'lines-'));
  const path = join(folder, 'socket');
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        const line = rest.subarray(0, end);
        rest = rest.subarray(end + 1);
        receive(socket, line);
      }
    });
    receive(socket, undefined);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return { path, connections: () => sockets.length };
}

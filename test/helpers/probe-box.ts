import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { buildImage } from '../../bench/image/build.ts';
import type { Image } from '../../bench/model/image.ts';
import type { Instance } from '../../bench/model/runner.ts';
import { exec, type LongRunning, spawn } from '../../bench/proc/exec.ts';
import { forgetOwner, newOwner, registerOwner } from '../../bench/proc/owner.ts';
import { makeFifos, MarkChannel } from '../../runners/shared/mark-channel.ts';

export const STATE = '/var/lib/tare';

/** The image that this checkout's recipe makes; built where it is missing. */
export function theImage(): Promise<Image> {
  return buildImage({ stateDir: STATE, signal: new AbortController().signal, onProgress: () => {} });
}

/** A folder of this test on the state's file system; `tare clean` finds it if the test is killed. */
export function scratch(t: ExecutionContext): string {
  const owner = newOwner(new Date());
  const { tag } = owner;
  registerOwner(STATE, owner);
  const folder = join(STATE, 'runs', tag);
  mkdirSync(folder, { recursive: true });
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
    forgetOwner(STATE, tag);
  });
  return folder;
}

/** A workload under the probe in a chroot of the image's tree, and the host's end of its channel. */
export interface ProbeBox {
  readonly channel: MarkChannel;
  /** The probe itself: chroot becomes it. */
  readonly process: LongRunning;
  /** The name on which programs announce themselves; the probe shares the host's network namespace. */
  readonly announce: string;
  /** Runs a program in the same tree. */
  readonly exec: Instance['exec'];
}

/** Starts argv under the probe on a writable layer above the tree; all is gone after the test. */
export async function startUnderProbe(t: ExecutionContext, ready: string, argv: readonly string[]): Promise<ProbeBox> {
  const { tree } = await theImage();
  const folder = scratch(t);
  const root = join(folder, 'root');
  for (const name of ['upper', 'work', 'root']) mkdirSync(join(folder, name));
  t.teardown(() => exec(['umount', root], { accept: 'any' }));
  const layers = `lowerdir=${tree},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
  await exec(['mount', '-t', 'overlay', 'overlay', '-o', layers, root]);
  const [marks, commands] = [join(root, 'tare/marks.fifo'), join(root, 'tare/commands.fifo')];
  await makeFifos(marks, commands);
  const channel = new MarkChannel(marks, commands);
  t.teardown(() => channel[Symbol.dispose]());
  const announce = `test-${randomBytes(4).toString('hex')}`;
  const process = await spawn([
    ...['chroot', root, '/tare/probe', '--marks', '/tare/marks.fifo', '--commands', '/tare/commands.fifo'],
    ...['--announce', announce, '--ready', ready, '--', ...argv],
  ]);
  t.teardown(async () => {
    process.signal('SIGKILL');
    await process.ended;
  });
  const inside: Instance['exec'] = (words, options) => exec(['chroot', root, ...words], { ...options, accept: 'any' });
  return { channel, process, announce, exec: inside };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** A port on loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server that gives one connection after another the next of these answers, the last one forever, piece by piece. */
export async function answeringServer(t: ExecutionContext, answers: readonly (readonly string[])[]) {
  const questions: string[] = [];
  let next = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', (question: Buffer) => {
      questions.push(question.toString());
      const pieces = [...(answers[Math.min(next++, answers.length - 1)] ?? [])];
      const say = () => {
        const piece = pieces.shift();
        if (piece === undefined) return;
        socket.write(piece);
        setTimeout(say, 20);
      };
      say();
    });
  });
  t.teardown(() => server.close());
  return { port: await listen(server), questions };
}

import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Qmp } from '../../../vms/qmp.ts';
import { lineServer } from '../../helpers/line-server.ts';

const GREETING = '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}\r\n';

interface Asked {
  readonly execute: string;
  readonly id: number;
}

/** A monitor that greets and grants its capabilities; everything else is for `answer`. */
async function monitor(t: ExecutionContext, answer: (socket: Socket, asked: Asked) => void): Promise<string> {
  const { path } = await lineServer(t, (socket, line) => {
    if (line === undefined) return void socket.write(GREETING);
    const asked = JSON.parse(line.toString()) as Asked;
    if (asked.execute !== 'qmp_capabilities') return answer(socket, asked);
    socket.write(`{"return": {}, "id": ${asked.id}}\r\n`);
  });
  return path;
}

test('an answer is told from events and from answers that were given up', async (t) => {
  const path = await monitor(t, (socket, { execute, id }) => {
    if (execute === 'late') return;
    socket.write('{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RTC_CHANGE", "data": {"offset": 0}}\r\n');
    socket.write(`{"return": "of the one before", "id": ${id - 1}}\r\n{"return": {"a": [1]}, "id": ${id}}\r\n`);
  });
  using qmp = await Qmp.connect(path);
  await t.throwsAsync(qmp.command('late', {}, 20), { code: 'LINE_TIMEOUT' });
  t.deepEqual(await qmp.command('query-something'), { a: [1] });
});

test('an error of QEMU’s is one, with its words', async (t) => {
  const error = { class: 'CommandNotFound', desc: 'The command x has not been found' };
  const path = await monitor(t, (socket, { id }) => void socket.write(`${JSON.stringify({ error, id })}\r\n`));
  using qmp = await Qmp.connect(path);
  await t.throwsAsync(qmp.command('x'), { code: 'QMP_ANSWER', message: /refuses x: The command x has not been found/ });
});

test('who does not speak QMP is no monitor', async (t) => {
  const { path } = await lineServer(t, (socket, line) => void (line ?? socket.write('SSH-2.0-OpenSSH\r\n')));
  await t.throwsAsync(Qmp.connect(path), { code: 'QMP_ANSWER' });
  const mute = await lineServer(t, () => {});
  await t.throwsAsync(Qmp.connect(mute.path, 20), { code: 'LINE_TIMEOUT' });
});

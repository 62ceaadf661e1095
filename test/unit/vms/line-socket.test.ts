import test from 'ava';
import { LineSocket } from '../../../vms/line-socket.ts';
import { lineServer } from '../../helpers/line-server.ts';

const LIMITS = { timeoutMs: 10_000, maxBytes: 1000 };
const text = (line: Buffer) => line.toString('utf8');

test('the first line that is an answer is taken, in however many pieces it comes', async (t) => {
  const { path } = await lineServer(t, (socket, line) => {
    if (line === undefined) return;
    socket.write('noise\nans');
    setImmediate(() => socket.write(`wer to ${text(line)}\nmore\n`));
  });
  using socket = await LineSocket.connect(path);
  const accept = (line: Buffer) => (text(line).startsWith('answer') ? text(line) : undefined);
  t.is(await socket.request('one\n', accept, LIMITS), 'answer to one');
  const both = [socket.request('two\n', accept, LIMITS), socket.request('three\n', accept, LIMITS)];
  t.deepEqual(await Promise.all(both), ['answer to two', 'answer to three'], 'one after the other');
});

test('a peer that says nothing is an error at the deadline, and may be asked again', async (t) => {
  let mute = true;
  const { path } = await lineServer(t, (socket, line) => {
    if (line !== undefined && !mute) socket.write('yes\n');
  });
  using socket = await LineSocket.connect(path);
  await t.throwsAsync(socket.request('a\n', text, { ...LIMITS, timeoutMs: 20 }), { code: 'LINE_TIMEOUT' });
  mute = false;
  t.is(await socket.request('b\n', text, LIMITS), 'yes');
});

test('a flood ends the connection, with lines or without', async (t) => {
  for (const flood of ['x'.repeat(2000), 'noise\n'.repeat(400)]) {
    const { path } = await lineServer(t, (socket, line) => void (line === undefined || socket.write(flood)));
    using socket = await LineSocket.connect(path);
    await t.throwsAsync(
      socket.request('a\n', () => undefined, LIMITS),
      { code: 'LINE_FLOOD' },
    );
    t.true(socket.isClosed);
    await t.throwsAsync(socket.request('b\n', text, LIMITS), { code: 'LINE_FLOOD' });
  }
});

test('what a peer sends unasked stays where it is until somebody asks', async (t) => {
  let sent = 0;
  const { path } = await lineServer(t, (socket, line) => {
    if (line !== undefined) return;
    const more = () => {
      while (sent < 8 * 2 ** 20 && socket.write('x'.repeat(65_536))) sent += 65_536;
    };
    socket.on('drain', more);
    more();
  });
  using socket = await LineSocket.connect(path);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.true(sent < 8 * 2 ** 20, 'it is held up');
  t.false(socket.isClosed);
});

test('an end, a missing listener and an interruption each have their error', async (t) => {
  const { path } = await lineServer(t, (socket, line) => void (line === undefined || socket.end()));
  using socket = await LineSocket.connect(path);
  await t.throwsAsync(socket.request('a\n', text, LIMITS), { code: 'LINE_CLOSED' });
  await t.throwsAsync(LineSocket.connect(`${path}-not`), { code: 'LINE_CLOSED' });

  const silent = await lineServer(t, () => {});
  using waiting = await LineSocket.connect(silent.path);
  const abort = new AbortController();
  const asked = waiting.request('a\n', text, { ...LIMITS, signal: abort.signal });
  setImmediate(() => abort.abort());
  await t.throwsAsync(asked, { code: 'INTERRUPTED' });
  await t.throwsAsync(waiting.request('b\n', text, { ...LIMITS, signal: abort.signal }), { code: 'INTERRUPTED' });
});

test('what accept throws ends the request and not the connection', async (t) => {
  const { path } = await lineServer(t, (socket, line) => void (line === undefined || socket.write('yes\n')));
  using socket = await LineSocket.connect(path);
  const failing = () => {
    throw new RangeError('no');
  };
  await t.throwsAsync(socket.request('a\n', failing, LIMITS), { instanceOf: RangeError });
  t.is(await socket.request('b\n', text, LIMITS), 'yes');
});

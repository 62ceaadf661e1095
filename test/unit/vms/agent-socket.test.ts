import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { AgentSocket } from '../../../vms/agent-socket.ts';
import { execInGuest } from '../../../vms/guest-agent.ts';
import { type LineServer, lineServer } from '../../helpers/line-server.ts';

interface Asked {
  readonly execute: string;
  readonly arguments: { readonly id: number };
}

const LIMITS = { maxBytes: 10_000 };
const EXEC = { timeoutMs: 10_000 };

/** An agent that synchronises as it must; everything else is for `answer`. */
async function agent(t: ExecutionContext, answer: (socket: Socket, asked: Asked) => void): Promise<LineServer> {
  return await lineServer(t, (socket, line) => {
    if (line === undefined) return;
    const asked = JSON.parse(line.subarray(line.indexOf('{')).toString()) as Asked;
    if (asked.execute !== 'guest-sync-delimited') return answer(socket, asked);
    t.is(line[0], 0xff, 'its parser begins anew');
    // What is left of earlier questions comes first.
    socket.write('{"return": {"pid": 1}}\n{"return": 12345}\n');
    socket.write(
      Buffer.concat([Buffer.from('half a li'), Buffer.of(0xff), Buffer.from(`{"return": ${asked.arguments.id}}\n`)]),
    );
  });
}

test('the answer is the one to the question, whatever was left in the way', async (t) => {
  const { path } = await agent(t, (socket, { execute }) => void socket.write(`{"return": "${execute}"}\n`));
  using socket = new AgentSocket(path);
  await socket.connect();
  const answers = await Promise.all([socket.ask({ execute: 'a' }, LIMITS), socket.ask({ execute: 'b' }, LIMITS)]);
  t.deepEqual(answers, ['{"return": "a"}', '{"return": "b"}']);
});

test('a program is run through it to its end', async (t) => {
  let looks = 0;
  const { path } = await agent(t, (socket, { execute }) => {
    if (execute === 'guest-exec') {
      socket.write('{"return": {"pid": 77}}\n');
      return;
    }
    looks += 1;
    const ended = { exited: true, exitcode: 3, 'out-data': Buffer.from('hello\n').toString('base64') };
    socket.write(`${JSON.stringify({ return: looks < 3 ? { exited: false } : ended })}\n`);
  });
  using socket = new AgentSocket(path);
  t.deepEqual(await execInGuest(socket, ['/bin/hello'], EXEC), { exitCode: 3, stdout: 'hello\n', stderr: '' });
});

test('an agent that floods loses the connection, and is reached again over a new one', async (t) => {
  let floods = true;
  const { path, connections } = await agent(t, (socket) => {
    socket.write(floods ? `{"return": "${'x'.repeat(100_000)}` : '{"return": "well again"}\n');
  });
  using socket = new AgentSocket(path);
  await t.throwsAsync(socket.ask({ execute: 'a' }, LIMITS), { code: 'LINE_FLOOD' });
  floods = false;
  t.is(await socket.ask({ execute: 'b' }, LIMITS), '{"return": "well again"}');
  t.is(connections(), 2);
});

test('what is no answer of an agent is an error', async (t) => {
  for (const answer of ['{"return": {"pid": "seventy"}}', '{"error": {"class": "GenericError", "desc": "no"}}']) {
    const { path } = await agent(t, (socket) => void socket.write(`${answer}\n`));
    using socket = new AgentSocket(path);
    await t.throwsAsync(execInGuest(socket, ['/bin/true'], EXEC), { code: 'AGENT_ANSWER' });
  }
});

test('nobody at the other end is an error at once', async (t) => {
  using socket = new AgentSocket('/nonexistent/agent.sock');
  await t.throwsAsync(socket.ask({ execute: 'a' }, LIMITS), { code: 'LINE_CLOSED' });
});

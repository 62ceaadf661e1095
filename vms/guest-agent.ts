import { z } from 'zod';
import { codeOf, CommandError, ParseError } from '../bench/errors.ts';
import type { ExecOptions, ExecResult } from '../bench/model/runner.ts';
import { delay, nowNs } from '../bench/proc/clock.ts';
import { commandLine } from '../bench/proc/exec.ts';

/** Where a directly booted guest's init puts the helper that bounds a program's time and output, see guest/run.c. */
export const RUN_HELPER: readonly string[] = ['/dev/tare-run'];
const DEFAULT_MAX_BYTES = 1024 * 1024;
/** Both streams in base64 must fit into the 10 MiB that libvirt takes for one answer. */
const LARGEST_MAX_BYTES = 3 * 1024 * 1024;
/** One argument of a program on the host takes no more than 128 KiB. */
const LARGEST_INPUT_BYTES = 64 * 1024;
/** What the way to the guest may take on top of the program's own deadline. */
const MARGIN_MS = 15_000;
const POLL_MS = 20;

const startedSchema = z.object({ return: z.object({ pid: z.number().int() }) });
const statusSchema = z.object({
  return: z.object({
    exited: z.boolean(),
    exitcode: z.number().int().optional(),
    signal: z.number().int().optional(),
    'out-data': z.string().optional(),
    'err-data': z.string().optional(),
  }),
});
type Status = z.infer<typeof statusSchema>['return'];

/** What the helper says by dying of a signal. */
const HELPER_SIGNALS: Readonly<Record<number, { readonly code: string; readonly what: string }>> = {
  10: { code: 'TOOL_MISSING', what: 'cannot be executed inside' },
  14: { code: 'COMMAND_TIMEOUT', what: 'did not end in time inside' },
  25: { code: 'OUTPUT_TOO_LARGE', what: 'gave more output than allowed inside' },
};

/** What an answer of the agent may take. */
export interface AskLimits {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** The way to the agent of one guest; what comes back is hostile. */
export interface GuestAgent {
  /**
   * One request, and its answer as the agent wrote it.
   * @throws CommandError `AGENT_ABSENT` where the agent does not answer (yet); whatever else keeps an answer from coming.
   */
  ask(request: object, limits: AskLimits): Promise<string>;
}

/** The agent does not answer: it has not started yet, or something else keeps it from it. */
export const AGENT_ABSENT = 'AGENT_ABSENT';

async function ask<T>(agent: GuestAgent, request: object, schema: z.ZodType<T>, limits: AskLimits): Promise<T> {
  const text = await agent.ask(request, limits);
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ParseError('AGENT_ANSWER', 'the guest agent answered something unknown', { cause });
  }
}

function decode(data: string | undefined): string {
  return Buffer.from(data ?? '', 'base64').toString('utf8');
}

function resultOf(status: Status, argv: readonly string[]): ExecResult {
  const { signal, exitcode } = status;
  const line = commandLine(argv).slice(0, 200);
  if (exitcode !== undefined && signal === undefined) {
    return { exitCode: exitcode, stdout: decode(status['out-data']), stderr: decode(status['err-data']) };
  }
  const { code, what } = HELPER_SIGNALS[signal ?? 0] ?? {
    code: 'COMMAND_FAILED',
    what: `was cut short (${signal}) inside`,
  };
  throw new CommandError(code, `${argv[0]} ${what}: ${line}`, {
    details: { argv, stderr: decode(status['err-data']) },
  });
}

/**
 * Runs a program in a guest to its end, bounded inside: past the deadline or the allowed output its group is killed there.
 * Waits for an agent that is not there yet. At most 3 MiB of each stream and 64 KiB of input.
 * @param helper the program and first arguments that stand for guest/run.c inside, as the agent sees them.
 * @throws CommandError `TOOL_MISSING`, `COMMAND_TIMEOUT`, `OUTPUT_TOO_LARGE`, `COMMAND_FAILED`, `AGENT_ABSENT`; ParseError
 * `AGENT_ANSWER`.
 */
export async function execInGuest(
  agent: GuestAgent,
  argv: readonly string[],
  options: ExecOptions,
  helper: readonly string[] = RUN_HELPER,
): Promise<ExecResult> {
  const { timeoutMs, signal, input } = options;
  const maxBytes = Math.min(options.maxBytes ?? DEFAULT_MAX_BYTES, LARGEST_MAX_BYTES);
  if (Buffer.byteLength(input ?? '') > LARGEST_INPUT_BYTES) {
    throw new CommandError('INPUT_TOO_LARGE', `more input for ${argv[0]} than ${LARGEST_INPUT_BYTES} bytes`);
  }
  const deadline = nowNs() + BigInt(Math.ceil(timeoutMs + MARGIN_MS)) * 1_000_000n;
  const late = () => nowNs() > deadline;
  const bounds = { maxBytes: 3 * maxBytes + 64 * 1024, signal };
  const start = {
    execute: 'guest-exec',
    arguments: {
      path: helper[0],
      arg: [...helper.slice(1), String(maxBytes), String(Math.ceil(timeoutMs)), ...argv],
      'capture-output': true,
      ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
    },
  };
  let pid: number | undefined;
  while (pid === undefined) {
    try {
      pid = (await ask(agent, start, startedSchema, bounds)).return.pid;
    } catch (error) {
      if (codeOf(error) !== AGENT_ABSENT || late()) throw error;
      await delay(POLL_MS, signal);
    }
  }
  const status = { execute: 'guest-exec-status', arguments: { pid } };
  for (;;) {
    const answer = (await ask(agent, status, statusSchema, bounds)).return;
    if (answer.exited) return resultOf(answer, argv);
    if (late()) break;
    await delay(POLL_MS, signal);
  }
  throw new CommandError('COMMAND_TIMEOUT', `no answer of the guest agent about ${argv[0]}`, { details: { argv } });
}

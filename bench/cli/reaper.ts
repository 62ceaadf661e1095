import { parseArgs } from 'node:util';
import { delay } from '../proc/clock.ts';
import { forgetOwner, onlyRun } from '../proc/owner.ts';
import { REAPER_DONE, sweepUntilClean } from '../proc/reaper.ts';
import { sweepEverything } from './sweep.ts';

/** Entry point of the detached reaper: waits for its standard input to end, then removes what the run left. */

const PAUSE_MS = 1000;
const DEADLINE_MS = 10 * 60_000;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => {});

const { values } = parseArgs({ options: { state: { type: 'string' }, tag: { type: 'string' } } });
const { state, tag } = values;

async function lastWords(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text = (text + String(chunk)).slice(-REAPER_DONE.length);
  return text;
}

if (state !== undefined && tag !== undefined && (await lastWords()) !== REAPER_DONE) {
  const context = { stateDir: state, signal: AbortSignal.timeout(DEADLINE_MS), dryRun: false };
  const sweep = async () => {
    const { found, problems } = await sweepEverything(onlyRun(tag), context);
    for (const ref of found) console.log(`removed ${ref.kind} ${ref.id}`);
    for (const problem of problems) console.log(`problem: ${problem}`);
    return found.length + problems.length;
  };
  const clean = await sweepUntilClean(sweep, { passes: 2, pauseMs: PAUSE_MS, deadlineMs: DEADLINE_MS, pause: delay });
  if (clean) forgetOwner(state, tag);
  console.log(clean ? `run ${tag}: nothing left` : `run ${tag}: gave up; "tare clean" tries again`);
}

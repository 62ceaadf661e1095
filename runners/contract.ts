import { CommandError, StartError } from '../bench/errors.ts';
import { MARK_NAMES, sinceLaunch } from '../bench/model/mark.ts';
import type { Capabilities, Instance, RunContext } from '../bench/model/runner.ts';
import type { EntryPoint } from '../bench/model/workload.ts';
import { MEASURING_RULES } from './contract/measuring.ts';
import {
  type ContractRule,
  type ContractSubject,
  demand,
  EXEC_TIMEOUT_MS,
  leavesNothing,
  supported,
  thrownBy,
  withInstance,
} from './contract/subject.ts';

export { ContractError, type ContractRule, type ContractSubject } from './contract/subject.ts';

const PING_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 60_000;
/** Enough to reach the entry point once more: several times what a start took, and never less than this. */
const SHORTEST_DEADLINE_MS = 2000;
const DEADLINE_FACTOR = 4;

function entryOf(workload: string, argv: readonly string[]): EntryPoint {
  return {
    workload,
    defaultPort: 6379,
    argv: () => argv,
    ready: (placement) => ({ protocol: 'redis', port: placement.port }),
  };
}

/** Starts an entry that cannot become ready and checks the failure's form. */
async function failingStart(
  subject: ContractSubject,
  entry: EntryPoint,
  run: RunContext,
  index: number,
): Promise<StartError> {
  const spec = { ...subject.spec, entry };
  await using prepared = await subject.runner.prepare(spec, run);
  let error: unknown;
  await leavesNothing(subject, async () => {
    error = await thrownBy(() => prepared.start(run, index));
  });
  demand(error instanceof StartError, `a failed start must throw StartError, not ${String(error)}`);
  demand(
    error.marks.some((mark) => mark.name === 'launched'),
    'a failed start must keep the marks that it reached',
  );
  demand(!error.marks.some((mark) => mark.name === 'ready'), 'a failed start must not claim to be ready');
  return error;
}

/** Every declared mark once, in the order in which they can happen, and no other. */
function demandMarks({ marks, launch }: Instance, capabilities: Capabilities): void {
  const names = marks.map((mark) => mark.name);
  const missing = capabilities.marks.filter((name) => !names.includes(name));
  demand(missing.length === 0, `declared but not given: ${missing.join(', ')}`);
  const undeclared = names.filter((name) => !capabilities.marks.includes(name));
  demand(undeclared.length === 0, `given but not declared: ${undeclared.join(', ')}`);
  demand(new Set(names).size === names.length, 'a mark was given twice');
  const later = (['kernel', 'init', 'exec', 'ready', 'reachable'] as const).map((name) => sinceLaunch(marks, name));
  const ordered = [0, ...later].filter((ns) => ns !== undefined);
  demand(
    ordered.every((ns, at) => at === 0 || ns >= (ordered[at - 1] ?? 0)),
    `out of order: ${MARK_NAMES.map((name) => `${name} ${sinceLaunch(marks, name)}`).join(', ')}`,
  );
  demand(launch.length > 0, 'the launch commands must be kept');
}

/** The conformance suite: every runner, built in or not, is held to these. */
export const CONTRACT: readonly ContractRule[] = [
  {
    name: 'probe says what it can do here',
    async check(subject) {
      demand(subject.runner.apiVersion === 1, 'apiVersion must be 1');
      demand(/^[a-z][a-z0-9-]*$/.test(subject.runner.id), 'the id must be lower-case letters, digits and hyphens');
      const { capabilities, title, versions } = await supported(subject);
      demand(title.trim() !== '', 'the title must not be empty');
      demand(capabilities.marks.includes('launched'), '"launched" must be declared');
      demand(capabilities.marks.includes('api'), '"api" must be declared');
      demand(capabilities.accelerator === 'none' || capabilities.isolation === 'vm', 'only a VM has an accelerator');
      demand(
        Object.values(versions).every((version) => version !== ''),
        'a version must not be empty',
      );
    },
  },
  {
    name: 'prepare twice gives the same identity',
    async check({ runner, spec, run }) {
      await using first = await runner.prepare(spec, run);
      await using second = await runner.prepare(spec, run);
      demand(first.digest !== '' && first.digest === second.digest, 'the digest must be the same and not empty');
    },
  },
  {
    name: 'a start gives every declared mark, in order, and no other',
    async check(subject) {
      const { capabilities } = await supported(subject);
      const reach = capabilities.marks.includes('reachable');
      await withInstance(subject, 9000, async (instance) => demandMarks(instance, capabilities), { reach });
    },
  },
  {
    name: 'a program inside runs to its end, with its output and exit code',
    async check(subject) {
      await withInstance(subject, 9001, async (instance) => {
        const options = { timeoutMs: EXEC_TIMEOUT_MS };
        const echo = await instance.exec(['/bin/echo', 'a b', '$HOME', "it's"], options);
        demand(echo.exitCode === 0, `echo ended with ${echo.exitCode}`);
        demand(echo.stdout === "a b $HOME it's\n", `echo said ${JSON.stringify(echo.stdout)}`);
        const input = 'a line\n'.repeat(8000);
        const copied = await instance.exec(['/bin/cat'], { ...options, input });
        demand(copied.stdout === input, `${copied.stdout.length} of ${input.length} bytes of input arrived`);
        const status = await instance.exec(['/bin/sh', '-c', 'echo oops >&2; exit 7'], options);
        demand(status.exitCode === 7, `exit 7 came out as ${status.exitCode}`);
        demand(status.stderr.includes('oops'), 'stderr was lost');
      });
    },
  },
  {
    name: 'a program inside that hangs or floods is an error, not a wait',
    async check(subject) {
      await withInstance(subject, 9002, async (instance) => {
        const hang = await thrownBy(() => instance.exec(['/bin/sleep', '600'], { timeoutMs: 1500 }));
        demand(hang instanceof CommandError, 'a program past its deadline must throw CommandError');
        const flood = await thrownBy(() =>
          instance.exec(['/bin/sh', '-c', 'head -c 4000000 /dev/zero'], {
            timeoutMs: EXEC_TIMEOUT_MS,
            maxBytes: 65536,
          }),
        );
        demand(flood instanceof CommandError, 'more output than allowed must throw CommandError');
      });
    },
  },
  ...MEASURING_RULES,
  {
    name: 'the mark channel answers',
    async check(subject) {
      await withInstance(subject, 9003, async (instance) => {
        for (let count = 0; count < 3; count += 1) {
          const ns = await instance.ping(PING_TIMEOUT_MS);
          demand(Number.isFinite(ns) && ns > 0, `a round trip of ${ns} ns cannot be`);
        }
      });
    },
  },
  {
    name: 'what was asked for is what is read back, but for designed differences',
    async check(subject) {
      const { capabilities } = await supported(subject);
      const designed = new Set(capabilities.designed.map((difference) => difference.limit));
      await withInstance(subject, 9004, async (instance) => {
        const limits = await instance.describe();
        demand(limits.accelerator === capabilities.accelerator, 'another accelerator than probed is in use');
        const { cpus, memoryBytes } = subject.spec;
        demand(
          designed.has('cpus') || limits.cpus?.join() === cpus.join(),
          `CPUs ${limits.cpus?.join() ?? 'unknown'} instead of ${cpus.join()}`,
        );
        demand(
          designed.has('memoryBytes') || limits.memoryBytes === memoryBytes,
          `${limits.memoryBytes} bytes of memory instead of ${memoryBytes}`,
        );
      });
    },
  },
  {
    name: 'two instances live side by side and share no data',
    async check(subject) {
      await withInstance(subject, 9005, async (first, prepared) => {
        await using second = await prepared.start(subject.run, 9006);
        demand(first.ref.id !== second.ref.id, 'two instances have the same name');
        const shared = first.diskPaths().filter((path) => second.diskPaths().includes(path));
        demand(shared.length === 0, `both claim ${shared.join(', ')}`);
        const file = `${first.placement.dataDir}/contract`;
        await first.exec(['/bin/sh', '-c', `echo mine > ${file}`], { timeoutMs: EXEC_TIMEOUT_MS });
        const other = `${second.placement.dataDir}/contract`;
        const seen = await second.exec(['/bin/sh', '-c', `test -e ${other}`], { timeoutMs: EXEC_TIMEOUT_MS });
        demand(seen.exitCode !== 0, 'one instance sees what another wrote');
        await second.ping(PING_TIMEOUT_MS);
      });
    },
  },
  ...(['stop', 'kill'] as const).map((how, at) => ({
    name: `${how} ends an instance, and disposing it again is fine`,
    async check(subject: ContractSubject) {
      await withInstance(subject, 9007 + at, async (instance) => {
        const ending = await instance.end(how, END_TIMEOUT_MS);
        demand(!ending.timedOut, `it did not end within ${END_TIMEOUT_MS} ms`);
        demand(ending.goneNs > ending.startedNs, 'it was gone before it was asked to go');
        await instance[Symbol.asyncDispose]();
        const ping = await thrownBy(() => instance.ping(1000));
        demand(ping !== undefined, 'it still answers after its end');
      });
    },
  })),
  {
    name: 'an entry that ends at once is a failed start',
    async check(subject) {
      const error = await failingStart(subject, entryOf('ends-at-once', ['/bin/false']), subject.run, 9010);
      demand(error.code !== 'MARK_TIMEOUT', 'the failure must be noticed when it happens, not at the deadline');
    },
  },
  {
    name: 'an entry that never answers is a failed start at the deadline, and leaves nothing',
    async check(subject) {
      const { capabilities } = await supported(subject);
      let readyNs = 0;
      await withInstance(subject, 9020, async ({ marks }) => {
        readyNs = sinceLaunch(marks, 'ready') ?? 0;
      });
      const deadlineMs = Math.max(SHORTEST_DEADLINE_MS, DEADLINE_FACTOR * (readyNs / 1e6));
      const run = { ...subject.run, startTimeoutMs: Math.round(Math.min(deadlineMs, subject.run.startTimeoutMs)) };
      const error = await failingStart(subject, entryOf('never-ready', ['/bin/sleep', '600']), run, 9011);
      demand(
        error.marks.some((mark) => mark.name === 'exec') === capabilities.marks.includes('exec'),
        'the marks reached must be kept',
      );
    },
  },
  {
    name: 'an interrupted start throws and leaves nothing',
    async check(subject) {
      const abort = new AbortController();
      const run = { ...subject.run, signal: AbortSignal.any([subject.run.signal, abort.signal]) };
      const spec = { ...subject.spec, entry: entryOf('never-ready', ['/bin/sleep', '600']) };
      await using prepared = await subject.runner.prepare(spec, run);
      await leavesNothing(subject, async () => {
        const timer = setTimeout(() => abort.abort(), 300);
        const error = await thrownBy(() => prepared.start(run, 9012));
        clearTimeout(timer);
        demand(error !== undefined, 'an interrupted start must throw');
      });
    },
  },
  {
    name: 'a sweep takes what a dead owner left, only that, and twice is fine',
    alone: true,
    async check(subject) {
      const { runner, run, spec } = subject;
      await using prepared = await runner.prepare(spec, run);
      const instance = await prepared.start(run, 9013);
      const context = { stateDir: run.stateDir, signal: run.signal, dryRun: false };
      const foreign = await runner.sweep({ matches: (tag) => tag === 'ffffff' }, context);
      demand(foreign.length === 0, `it would remove what is not its own: ${foreign.map((ref) => ref.id).join(', ')}`);
      await instance.ping(PING_TIMEOUT_MS);
      const taken = await runner.sweep({ matches: (tag) => tag === run.owner.tag }, context);
      demand(taken.length > 0, 'a sweep of a living instance found nothing');
      const again = await runner.sweep({ matches: (tag) => tag === run.owner.tag }, context);
      demand(again.length === 0, `a second sweep still found ${again.map((ref) => ref.id).join(', ')}`);
      await instance[Symbol.asyncDispose]();
    },
  },
];

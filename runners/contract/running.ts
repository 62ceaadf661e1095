import { CommandError, UnsupportedError } from '../../bench/errors.ts';
import { MARK_NAMES, sinceLaunch } from '../../bench/model/mark.ts';
import type { Capabilities, ExecResult, Instance } from '../../bench/model/runner.ts';
import { type ContractRule, demand, EXEC_TIMEOUT_MS, OUTSIDE_VARIABLE, supported, thrownBy } from './subject.ts';

const PING_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 60_000;
/** What a shell says of a program that SIGTERM ended. */
const ENDED_BY_TERM = 128 + 15;

/** How a program ended, for a message. */
function endOf({ exitCode, stderr }: ExecResult): string {
  const said = stderr.trim().slice(-300);
  return `ended with ${exitCode}${said === '' ? '' : `, saying ${JSON.stringify(said)}`}`;
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
  demand(
    launch.every(({ startedNs, endedNs }) => endedNs >= startedNs),
    'a launch command ended before it began',
  );
}

/** What an instance has on the host's disk for itself; a runner may say that there is nothing of the kind. */
function ownPaths(instance: Instance): readonly string[] {
  try {
    return instance.diskPaths();
  } catch (error) {
    demand(error instanceof UnsupportedError, `diskPaths() must throw UnsupportedError, not ${String(error)}`);
    return [];
  }
}

/** The end of an instance of the pair, by one way. */
function endingRule(how: 'stop' | 'kill', of: 'first' | 'second'): ContractRule {
  return {
    name: `${how} ends an instance, and disposing it again is fine`,
    // The last rule that the pair is for.
    ...(how === 'kill' ? { endsPair: true } : {}),
    async check(trial) {
      const instance = (await trial.pair())[of];
      const ending = await instance.end(how, END_TIMEOUT_MS);
      demand(!ending.timedOut, `it did not end within ${END_TIMEOUT_MS} ms`);
      demand(ending.goneNs > ending.startedNs, 'it was gone before it was asked to go');
      await instance[Symbol.asyncDispose]();
      const ping = await thrownBy(() => instance.ping(1000));
      demand(ping !== undefined, 'it still answers after its end');
      await instance[Symbol.asyncDispose]();
    },
  };
}

/** What instances are, and what can be asked of them while they live. */
export const RUNNING_RULES: readonly ContractRule[] = [
  {
    name: 'a start gives every declared mark, in order, and no other',
    async check(trial) {
      const { capabilities } = await supported(trial);
      demandMarks((await trial.pair()).first, capabilities);
    },
  },
  {
    name: 'a program inside runs to its end, with its output and exit code',
    async check(trial) {
      const { first } = await trial.pair();
      const options = { timeoutMs: EXEC_TIMEOUT_MS };
      const echo = await first.exec(['/bin/echo', 'a b', '$HOME', "it's"], options);
      demand(echo.exitCode === 0, `echo ${endOf(echo)}`);
      demand(echo.stdout === "a b $HOME it's\n", `echo said ${JSON.stringify(echo.stdout)}`);
      const input = 'a line\n'.repeat(8000);
      const copied = await first.exec(['/bin/cat'], { ...options, input });
      demand(copied.stdout === input, `${copied.stdout.length} of ${input.length} bytes of input arrived`);
      const status = await first.exec(['/bin/sh', '-c', 'echo oops >&2; exit 7'], options);
      demand(status.exitCode === 7, `a program that is to end with 7 ${endOf(status)}`);
      demand(status.stderr.includes('oops'), 'stderr was lost');
    },
  },
  {
    name: 'a program that a signal ends has failed',
    async check(trial) {
      const { first } = await trial.pair();
      const options = { timeoutMs: EXEC_TIMEOUT_MS };
      let result: ExecResult | undefined;
      const thrown = await thrownBy(async () => {
        result = await first.exec(['/bin/sh', '-c', 'kill -TERM $$'], options);
      });
      demand(
        thrown instanceof CommandError || result?.exitCode === ENDED_BY_TERM,
        `a program that SIGTERM ends ${result ? endOf(result) : `threw ${String(thrown)}`}: neither ${ENDED_BY_TERM} nor CommandError`,
      );
    },
  },
  {
    name: 'a program inside that hangs or floods is an error, not a wait',
    async check(trial) {
      const { first } = await trial.pair();
      let hung: ExecResult | undefined;
      const hang = await thrownBy(async () => {
        hung = await first.exec(['/bin/sleep', '600'], { timeoutMs: 1500 });
      });
      const came = hung ? `: it ${endOf(hung)}` : '';
      demand(hang instanceof CommandError, `a program past its deadline must throw CommandError${came}`);
      const limits = { timeoutMs: EXEC_TIMEOUT_MS, maxBytes: 65536 };
      const flood = await thrownBy(() => first.exec(['/bin/sh', '-c', 'head -c 4000000 /dev/zero'], limits));
      demand(flood instanceof CommandError, 'more output than allowed must throw CommandError');
    },
  },
  {
    name: 'a program that is run inside may do no more than the workload',
    async check(trial) {
      const { capabilities } = await supported(trial);
      const designed = new Set(capabilities.designed.map((difference) => difference.limit));
      const { first } = await trial.pair();
      const limits = await first.describe();
      const result = await first.exec(['/bin/cat', '/proc/self/status'], { timeoutMs: EXEC_TIMEOUT_MS });
      for (const [limit, field] of [
        ['capabilities', 'CapEff'],
        ['seccomp', 'Seccomp'],
      ] as const) {
        const own = limits[limit];
        if (own === null || designed.has(limit)) continue;
        const [, given] = new RegExp(`^${field}:\\s+([0-9a-f]+)$`, 'm').exec(result.stdout) ?? [];
        demand(
          given === String(own),
          `${field} is ${given ?? 'unknown'} instead of the workload's ${own}; cat ${endOf(result)}`,
        );
      }
      if (limits.apparmor === null || designed.has('apparmor')) return;
      // Where the kernel has no AppArmor there is nothing to read, and nobody is confined.
      const attribute = await first.exec(['/bin/cat', '/proc/self/attr/current'], { timeoutMs: EXEC_TIMEOUT_MS });
      const profile = attribute.exitCode === 0 ? attribute.stdout.replace(/ \(\w+\)\s*$/, '').trim() : 'unconfined';
      demand(
        profile === limits.apparmor,
        `AppArmor's profile is ${profile} instead of the workload's ${limits.apparmor}`,
      );
    },
  },
  {
    name: 'nothing of the environment that tare runs in is inside',
    async check(trial) {
      const { first } = await trial.pair();
      const options = { timeoutMs: EXEC_TIMEOUT_MS };
      const given = await first.exec(['/usr/bin/env'], options);
      demand(given.exitCode === 0, `env ${endOf(given)}`);
      demand(!given.stdout.includes(OUTSIDE_VARIABLE), `a program inside has ${OUTSIDE_VARIABLE}, which is tare's`);
      // Whoever may not look at process 1 learns nothing from it either.
      const entry = await first.exec(['/bin/cat', '/proc/1/environ'], options);
      demand(!entry.stdout.includes(OUTSIDE_VARIABLE), `process 1 inside has ${OUTSIDE_VARIABLE}, which is tare's`);
    },
  },
  {
    name: 'the mark channel answers',
    async check(trial) {
      for (const instance of Object.values(await trial.pair())) {
        for (let count = 0; count < 3; count += 1) {
          const ns = await instance.ping(PING_TIMEOUT_MS);
          demand(Number.isFinite(ns) && ns > 0, `a round trip of ${ns} ns cannot be`);
        }
      }
    },
  },
  {
    name: 'two instances start at the same time, live side by side and share no data',
    async check(trial) {
      const { first, second } = await trial.pair();
      demand(first.ref.id !== second.ref.id, 'two instances have the same name');
      const [mine, others] = [ownPaths(first), ownPaths(second)];
      const shared = mine.filter((path) => others.includes(path));
      demand(shared.length === 0, `both claim ${shared.join(', ')}`);
      const bytes = await first.diskBytes?.();
      demand(bytes === undefined || bytes > 0, `diskBytes() must count what is its own, not give ${bytes}`);
      const file = `${first.placement.dataDir}/contract`;
      await first.exec(['/bin/sh', '-c', `echo mine > ${file}`], { timeoutMs: EXEC_TIMEOUT_MS });
      const other = `${second.placement.dataDir}/contract`;
      const seen = await second.exec(['/bin/sh', '-c', `test -e ${other}`], { timeoutMs: EXEC_TIMEOUT_MS });
      demand(seen.exitCode !== 0, 'one instance sees what another wrote');
    },
  },
];

/** How instances end; to be tried after everything else that a pair is needed for. */
export const ENDING_RULES: readonly ContractRule[] = [endingRule('stop', 'first'), endingRule('kill', 'second')];

import { FAILING_RULES } from './contract/failing.ts';
import { MEASURING_RULES } from './contract/measuring.ts';
import { ENDING_RULES, RUNNING_RULES } from './contract/running.ts';
import { belongings, type ContractRule, demand, supported } from './contract/subject.ts';

export { ContractSession } from './contract/session.ts';
export { ContractError, type ContractRule, type ContractSubject, OUTSIDE_VARIABLE } from './contract/subject.ts';

const PING_TIMEOUT_MS = 10_000;

const FIRST_RULES: readonly ContractRule[] = [
  {
    name: 'probe says what it can do here',
    async check(trial) {
      demand(trial.runner.apiVersion === 1, 'apiVersion must be 1');
      demand(/^[a-z][a-z0-9-]*$/.test(trial.runner.id), 'the id must be lower-case letters, digits and hyphens');
      const { capabilities, title, versions } = await supported(trial);
      demand(title.trim() !== '', 'the title must not be empty');
      for (const mark of ['launched', 'api', 'ready'] as const) {
        demand(capabilities.marks.includes(mark), `"${mark}" must be declared`);
      }
      demand(capabilities.accelerator === 'none' || capabilities.isolation === 'vm', 'only a VM has an accelerator');
      demand(
        Object.values(versions).every((version) => version !== ''),
        'a version must not be empty',
      );
    },
  },
  {
    name: 'prepare twice gives the same identity',
    async check(trial) {
      const first = await trial.prepared();
      await using second = await trial.runner.prepare(trial.spec, trial.run);
      demand(first.digest !== '' && first.digest === second.digest, 'the digest must be the same and not empty');
    },
  },
];

/** What must not stand beside anything else of the run. */
const LAST_RULES: readonly ContractRule[] = [
  {
    name: 'nothing is left of all that was started for these rules',
    alone: true,
    async check(trial) {
      const left = [...(await belongings(trial))];
      demand(left.length === 0, `left behind: ${left.join(', ')}`);
    },
  },
  {
    name: 'a sweep takes what a dead owner left, only that, and twice is fine',
    alone: true,
    async check({ runner, run, spec }) {
      await using prepared = await runner.prepare(spec, run);
      const instance = await prepared.start(run, 9020);
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

/** The conformance suite: every runner, built in or not, is held to these, in this order, by a ContractSession. */
export const CONTRACT: readonly ContractRule[] = [
  ...FIRST_RULES,
  ...RUNNING_RULES,
  ...MEASURING_RULES.filter((rule) => rule.alone !== true),
  ...FAILING_RULES,
  ...ENDING_RULES,
  ...MEASURING_RULES.filter((rule) => rule.alone === true),
  ...LAST_RULES,
];

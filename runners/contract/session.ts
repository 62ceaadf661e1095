import type { Instance, Prepared } from '../../bench/model/runner.ts';
import { type ContractRule, type ContractSubject, type Pair, supported, type Trial } from './subject.ts';

async function startPair(subject: ContractSubject, prepared: Prepared): Promise<Pair> {
  const { capabilities } = await supported(subject);
  const reach = capabilities.marks.includes('reachable');
  const starts = [prepared.start(subject.run, 9000, { reach }), prepared.start(subject.run, 9001)];
  const [first, second] = await Promise.allSettled(starts);
  if (first?.status === 'fulfilled' && second?.status === 'fulfilled') {
    return { first: first.value, second: second.value };
  }
  for (const start of [first, second]) if (start?.status === 'fulfilled') await start.value[Symbol.asyncDispose]();
  throw [first, second].find((start) => start?.status === 'rejected')?.reason;
}

/**
 * Holds one runner to rule after rule. What rules only look at is made once: a preparation, and a pair of instances in it.
 * Disposing removes both.
 */
export class ContractSession implements AsyncDisposable {
  readonly #subject: ContractSubject;
  #prepared: Promise<Prepared> | undefined;
  #pair: Promise<Pair> | undefined;

  constructor(subject: ContractSubject) {
    this.#subject = subject;
  }

  /** @throws ContractError where the runner breaks the rule; whatever it throws that it must not. */
  async check(rule: ContractRule): Promise<void> {
    if (rule.alone === true) await this[Symbol.asyncDispose]();
    const { runner, spec, run } = this.#subject;
    const trial: Trial = {
      ...{ runner, spec, run },
      prepared: () => (this.#prepared ??= runner.prepare(spec, run)),
      pair: async () => {
        const prepared = await trial.prepared();
        return (this.#pair ??= startPair(this.#subject, prepared));
      },
    };
    try {
      await rule.check(trial);
    } catch (error) {
      // What has broken a rule may break the next ones as well.
      await this.#endPair();
      throw error;
    }
    if (rule.endsPair === true) await this.#endPair();
  }

  async #endPair(): Promise<void> {
    const pair = this.#pair;
    this.#pair = undefined;
    const instances = await pair?.then(
      ({ first, second }): readonly Instance[] => [first, second],
      () => [],
    );
    for (const instance of instances ?? []) await instance[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    try {
      await this.#endPair();
    } finally {
      await (await prepared?.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  }
}

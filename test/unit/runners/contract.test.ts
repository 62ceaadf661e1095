import test from 'ava';
import type { Runner } from '../../../bench/model/runner.ts';
import { CONTRACT, ContractError } from '../../../runners/contract.ts';
import { fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';

for (const rule of CONTRACT) {
  test(`the fake runner keeps the contract: ${rule.name}`, async (t) => {
    await t.notThrowsAsync(rule.check({ runner: fakeRunner(), spec: fakeSpec(), run: fakeRun() }));
  });
}

async function brokenRules(runner: Runner): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const rule of CONTRACT) {
    try {
      await rule.check({ runner, spec: fakeSpec(), run: fakeRun() });
    } catch (error) {
      if (!(error instanceof ContractError)) throw error;
      broken.push(rule.name);
    }
  }
  return broken;
}

test('a runner that declares a mark and never gives it breaks the contract', async (t) => {
  const honest = fakeRunner();
  const runner: Runner = {
    ...honest,
    probe: async (host) => {
      const support = await honest.probe(host);
      if (!support.ok) return support;
      return {
        ...support,
        capabilities: { ...support.capabilities, marks: [...support.capabilities.marks, 'kernel'] },
      };
    },
  };
  t.deepEqual(await brokenRules(runner), ['a start gives every declared mark, in order, and no other']);
});

test('marks out of order break the contract', async (t) => {
  const runner = fakeRunner({ markNs: (mark) => (mark === 'exec' ? 9e6 : 1e6) });
  t.deepEqual(await brokenRules(runner), ['a start gives every declared mark, in order, and no other']);
});

test('a limit that is not what was asked breaks the contract unless it is designed', async (t) => {
  const limits = { memoryBytes: null };
  const rule = 'what was asked for is what is read back, but for designed differences';
  t.deepEqual(await brokenRules(fakeRunner({ limits })), [rule]);
  const capabilities = { designed: [{ limit: 'memoryBytes', why: 'none by design' }] } as const;
  t.deepEqual(await brokenRules(fakeRunner({ limits, capabilities })), []);
});

test('a runner that claims a limit which is not there is caught by what a program inside can use', async (t) => {
  const rule = 'the limits hold: a program inside sees its CPUs, and its memory ends where the spec says';
  t.deepEqual(await brokenRules(fakeRunner({ applied: { memoryBytes: Infinity } })), [rule]);
  t.deepEqual(await brokenRules(fakeRunner({ applied: { cpus: 64 } })), [rule]);
  t.deepEqual(await brokenRules(fakeRunner({ applied: { memoryBytes: 1 } })), [rule]);
  const capabilities = { designed: [{ limit: 'memoryBytes', why: 'none by design' }] } as const;
  t.deepEqual(await brokenRules(fakeRunner({ applied: { memoryBytes: Infinity }, capabilities })), []);
});

test('a sweep that takes what is not its own breaks the contract', async (t) => {
  const honest = fakeRunner();
  const runner: Runner = { ...honest, sweep: (_owner, context) => honest.sweep({ matches: () => true }, context) };
  t.true((await brokenRules(runner)).includes('a sweep takes what a dead owner left, only that, and twice is fine'));
});

test('an instance that is left behind breaks the contract', async (t) => {
  const honest = fakeRunner();
  const runner: Runner = {
    ...honest,
    prepare: async (spec, run) => {
      const prepared = await honest.prepare(spec, run);
      return {
        ...prepared,
        start: async (context, index) => {
          const instance = await prepared.start(context, index);
          return { ...instance, [Symbol.asyncDispose]: async () => {} };
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
  t.true((await brokenRules(runner)).includes('the mark channel answers'));
});

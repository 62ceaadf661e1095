import test from 'ava';
import type { Runner } from '../../../bench/model/runner.ts';
import { CONTRACT, ContractError, ContractSession } from '../../../runners/contract.ts';
import { fakeRunner } from '../../../runners/fake.ts';
import { fakeRun, fakeSpec } from '../../helpers/fakes.ts';

function sessionOf(runner: Runner): ContractSession {
  return new ContractSession({ runner, spec: fakeSpec(), run: fakeRun() });
}

for (const rule of CONTRACT) {
  test(`the fake runner keeps the contract: ${rule.name}`, async (t) => {
    await using session = sessionOf(fakeRunner());
    await t.notThrowsAsync(session.check(rule));
  });
}

test('the rules share one preparation and two instances, which are gone afterwards', async (t) => {
  const runner = fakeRunner();
  const session = sessionOf(runner);
  const rules = CONTRACT.filter(({ name }) => /mark channel|side by side|exit code/.test(name));
  const indices = new Set<string>();
  for (const rule of rules) {
    await session.check(rule);
    for (const name of runner.alive.keys()) indices.add(name);
  }
  t.is(rules.length, 3);
  t.is(indices.size, 2);
  await session[Symbol.asyncDispose]();
  t.is(runner.alive.size, 0);
});

async function brokenRules(runner: Runner): Promise<readonly string[]> {
  const broken: string[] = [];
  const session = sessionOf(runner);
  for (const rule of CONTRACT) {
    try {
      await session.check(rule);
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

test('a program inside that is less confined than its box is caught, unless that is designed', async (t) => {
  const rule = 'a program that is run inside may do no more than the workload';
  t.deepEqual(await brokenRules(fakeRunner({ applied: { capabilities: '000001ffffffffff' } })), [rule]);
  t.deepEqual(await brokenRules(fakeRunner({ applied: { seccomp: 0 } })), [rule]);
  t.deepEqual(await brokenRules(fakeRunner({ applied: { apparmor: 'docker-default (enforce)' } })), [rule]);
  const capabilities = { designed: [{ limit: 'seccomp', why: 'none by design' }] } as const;
  t.deepEqual(await brokenRules(fakeRunner({ applied: { seccomp: 0 }, capabilities })), []);
});

test('a runner that hands its own environment on is caught', async (t) => {
  const rule = 'nothing of the environment that tare runs in is inside';
  t.deepEqual(await brokenRules(fakeRunner({ applied: { environment: 'TARE_CONTRACT_OUTSIDE=1\n' } })), [rule]);
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
  const broken = await brokenRules(runner);
  t.true(broken.includes('nothing is left of all that was started for these rules'));
  t.true(broken.includes('an instance that is to have other CPUs than the spec’s has them'));
});

import test from 'ava';
import { kvmRunner } from '../../runners/kvm/index.ts';
import { RUNNERS } from '../../runners/registry.ts';
import { holdToContract } from '../helpers/contract.ts';
import { probeHere } from '../helpers/probe-here.ts';

/** Runners for which a host may have no place, whatever is installed, and how they say so: that is then all they are held to. */
const MAY_REFUSE: Readonly<Record<string, string>> = { crun: 'MIXED_CGROUPS' };

/** Emulated, a whole system takes half a minute for each start: test/slow holds it to the same rules. */
const runners = RUNNERS.filter((runner) => runner !== kvmRunner);

const supports = await Promise.all(runners.map(probeHere));
const refuses = runners.filter(({ id }, at) => {
  const support = supports[at];
  return support?.ok === false && support.code === MAY_REFUSE[id];
});

for (const runner of refuses) {
  test.serial(`${runner.id}: says why there is no place for it on this host`, async (t) => {
    const support = await probeHere(runner);
    t.like(support, { ok: false, code: MAY_REFUSE[runner.id] });
    if (support.ok) return;
    t.regex(support.reason, /\w+ .*\w+/);
    t.regex(support.hint, /\w+ .*\w+/);
  });
}

holdToContract(
  test,
  runners.filter((runner) => !refuses.includes(runner)),
);

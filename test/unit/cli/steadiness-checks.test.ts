import test from 'ava';
import { steadinessChecks } from '../../../bench/cli/doctor/steadiness-checks.ts';
import { hostTree } from '../host/host-tree.ts';

const CPU = 'sys/devices/system/cpu';

async function found(files: Readonly<Record<string, string>>) {
  using host = hostTree(files);
  const checks = await Promise.all(steadinessChecks(host.root));
  return Object.fromEntries(checks.map(({ id, status, found: text, advice }) => [id, { status, text, advice }]));
}

test('a host that shows nothing is not complained about', async (t) => {
  const checks = await found({ 'proc/version': 'Linux\n' });
  t.true(Object.keys(checks).length >= 8);
  for (const [id, { status, advice }] of Object.entries(checks)) t.deepEqual([status, advice], ['ok', null], id);
});

test('whatever makes the CPU’s speed wander is named with the command that fixes it', async (t) => {
  const intel = await found({
    [`${CPU}/cpufreq/policy0/scaling_governor`]: 'powersave\n',
    [`${CPU}/intel_pstate/no_turbo`]: '0\n',
  });
  t.like(intel['governor'], { status: 'warn', advice: 'for steadier numbers: cpupower frequency-set -g performance' });
  t.is(intel['turbo']?.advice, `for steadier numbers: echo 1 > /${CPU}/intel_pstate/no_turbo`);
  const other = await found({ [`${CPU}/cpufreq/boost`]: '1\n' });
  t.is(other['turbo']?.advice, `for steadier numbers: echo 0 > /${CPU}/cpufreq/boost`);
});

test('a host that was prepared is fine', async (t) => {
  const checks = await found({
    [`${CPU}/cpufreq/policy0/scaling_governor`]: 'performance\n',
    [`${CPU}/intel_pstate/no_turbo`]: '1\n',
    [`${CPU}/smt/active`]: '0\n',
    'sys/kernel/mm/ksm/run': '2\n',
    'sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc\n',
    'proc/meminfo': 'MemTotal:  1000 kB\nSwapTotal:       0 kB\n',
  });
  t.deepEqual(
    ['governor', 'turbo', 'smt', 'same-pages', 'clock', 'swap'].map((id) => checks[id]?.text),
    ['performance', 'off', 'off', 'off', 'tsc', 'none'],
  );
});

test('mitigations are counted, and a host without them is told to compare with its like alone', async (t) => {
  const files = {
    [`${CPU}/vulnerabilities/meltdown`]: 'Not affected\n',
    [`${CPU}/vulnerabilities/spectre_v2`]: 'Mitigation: Retpolines\n',
    [`${CPU}/vulnerabilities/mds`]: 'Vulnerable: no microcode\n',
  };
  const on = await found({ ...files, 'proc/cmdline': 'root=/dev/vda1 quiet\n' });
  t.is(on['mitigations']?.text, '1 mitigated, 1 open, 1 not affected');
  const off = await found({ ...files, 'proc/cmdline': 'quiet mitigations=off\n' });
  t.regex(off['mitigations']?.text ?? '', /hosts of the same setting alone$/);
});

test('merging of equal pages and a slow clock are doubts about a row each', async (t) => {
  const checks = await found({
    'sys/kernel/mm/ksm/run': '1\n',
    'sys/devices/system/clocksource/clocksource0/current_clocksource': 'hpet\n',
  });
  t.deepEqual([checks['same-pages']?.status, checks['clock']?.status], ['warn', 'warn']);
  t.regex(checks['same-pages']?.advice ?? '', /echo 2 > \/sys\/kernel\/mm\/ksm\/run$/);
});

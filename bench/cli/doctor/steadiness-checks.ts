import { chosen, memoryField } from '../../host/facts.ts';
import { namesIn, readText } from '../../host/files.ts';
import { frequencyPolicies, governors } from '../../host/frequency.ts';
import { readableBytes } from '../../host/space.ts';
import { type Check, check, type Finding, ok, warn } from './check.ts';

const CPU = '/sys/devices/system/cpu';
const KSM = '/sys/kernel/mm/ksm/run';
/** Clocks that a process reads without entering the kernel. */
const QUICK_CLOCKS = ['tsc', 'kvm-clock', 'hyperv_clocksource_tsc_page'];

/** The first of these files that is there. */
function firstOf(root: string, paths: readonly string[]): { readonly path: string; readonly value: string } | null {
  for (const path of paths) {
    const value = readText(root + path)?.trim();
    if (value !== undefined) return { path, value };
  }
  return null;
}

function governor(root: string): Finding {
  const name = governors(frequencyPolicies(root));
  if (name === null) return ok('this host shows no frequency policy');
  if (name === 'performance') return ok(name);
  return warn(
    `${name}: the CPU's speed follows its load`,
    'for steadier numbers: cpupower frequency-set -g performance',
  );
}

/** Intel's own driver has a switch that says "no", all others one that says "boost". */
function turbo(root: string): Finding {
  const found = firstOf(root, [`${CPU}/intel_pstate/no_turbo`, `${CPU}/cpufreq/boost`]);
  if (found === null) return ok('this host shows no switch for it');
  const off = found.path.endsWith('no_turbo') ? '1' : '0';
  if (found.value === off) return ok('off');
  return warn(
    "on: the CPU's speed depends on its heat and on how many CPUs work",
    `for steadier numbers: echo ${off} > ${found.path}`,
  );
}

function threads(root: string): Finding {
  const active = readText(`${root}${CPU}/smt/active`)?.trim();
  if (active === '0') return ok('off');
  if (active === '1')
    return ok('on: two CPUs may share one core; tare keeps instance and client on different cores where it can');
  return ok('this host does not say');
}

/** What a crossing into the kernel or a guest costs depends on these; both sides of a comparison pay it. */
function mitigations(root: string): Finding {
  const folder = `${root}${CPU}/vulnerabilities`;
  const states = namesIn(folder).map((name) => readText(`${folder}/${name}`)?.trim() ?? '');
  if (states.length === 0) return ok('this host does not say');
  const count = (word: string) => states.filter((state) => state.startsWith(word)).length;
  const found = `${count('Mitigation')} mitigated, ${count('Vulnerable')} open, ${count('Not affected')} not affected`;
  const off = /(^| )mitigations=off( |$)/m.test(readText(`${root}/proc/cmdline`) ?? '');
  return ok(off ? `${found} (mitigations=off): compare with hosts of the same setting alone` : found);
}

function hugePages(root: string): Finding {
  return ok(chosen(readText(`${root}/sys/kernel/mm/transparent_hugepage/enabled`) ?? '') ?? 'this host has none');
}

function samePages(root: string): Finding {
  const run = readText(root + KSM)?.trim();
  if (run === undefined) return ok('this host has none');
  if (run !== '1') return ok('off');
  return warn(
    "on: equal pages of guests become one, so that a guest's memory depends on how long it stands",
    `for density: systemctl stop ksmtuned ksm 2>/dev/null; echo 2 > ${KSM}`,
  );
}

function swap(root: string): Finding {
  const total = memoryField(readText(`${root}/proc/meminfo`) ?? '', 'SwapTotal');
  if (total === null) return ok('this host does not say');
  return ok(total === 0 ? 'none' : `${readableBytes(total)}; a ramp ends before it is used`);
}

function clock(root: string): Finding {
  const name = readText(`${root}/sys/devices/system/clocksource/clocksource0/current_clocksource`)?.trim();
  if (name === undefined) return ok('this host does not say');
  if (QUICK_CLOCKS.includes(name)) return ok(name);
  return warn(
    `${name}: each look at the clock enters the kernel`,
    'see why in "dmesg | grep -i tsc"; the firmware or the kernel took the CPU\'s own clock for unsteady',
  );
}

/** What makes the same work take another time tomorrow, or costs one side more. @param root where the host's / is; for tests. */
export function steadinessChecks(root = ''): readonly Promise<Check>[] {
  return [
    check('governor', 'CPU governor', () => governor(root)),
    check('turbo', 'turbo', () => turbo(root)),
    check('smt', 'SMT', () => threads(root)),
    check('mitigations', 'mitigations', () => mitigations(root)),
    check('clock', 'clock', () => clock(root)),
    check('huge-pages', 'huge pages', () => hugePages(root)),
    check('same-pages', 'same-page merging', () => samePages(root)),
    check('swap', 'swap', () => swap(root)),
  ];
}

import test from 'ava';
import * as fc from 'fast-check';
import { ConfigError } from '../../../bench/errors.ts';
import { planCpus, planCpusHere } from '../../../bench/host/placement.ts';
import type { Cpu } from '../../../bench/host/topology.ts';
import { capturedCpus, cpuHost, madeUpCpus } from './cpu-hosts.ts';

const LIMIT = 'proc/self/status';

function restrictedTo(list: string) {
  return { [LIMIT]: `Cpus_allowed_list:\t${list}\n`, 'sys/fs/cgroup/cpuset.cpus.effective': `${list}\n` };
}

test('two cores: the instance gets the second, a client and the host share the first, and the plan says so', (t) => {
  t.deepEqual(cpuHost(capturedCpus('two-cores')).plan(1), {
    instance: [1],
    client: [0],
    host: [0],
    overlaps: ['A client outside shares CPU 0 with tare itself: there is no further core.'],
    numaNode: 0,
  });
});

test('one CPU is shared by all, and one sentence says so', (t) => {
  const plan = cpuHost(madeUpCpus(['0'])).plan(1);
  t.like(plan, { instance: [0], client: [0], host: [0] });
  t.deepEqual(plan.overlaps, ['There is only CPU 0: instances, their clients and tare itself take turns on it.']);
});

test('with SMT every CPU of an instance is a core of its own, whose sibling stays idle', (t) => {
  const host = cpuHost(capturedCpus('four-cores-smt'));
  t.like(host.plan(1), { instance: [6], client: [4], host: [0, 1, 2, 3], overlaps: [] });
  t.like(host.plan(2), { instance: [4, 6], client: [2], host: [0, 1], overlaps: [] });
});

test('where the cores do not suffice, sibling threads are used and named', (t) => {
  const plan = cpuHost(capturedCpus('four-cores-smt')).plan(5);
  t.deepEqual(plan.instance, [0, 2, 4, 6, 7]);
  t.false(plan.client.some((cpu) => plan.instance.includes(cpu)));
  t.regex(plan.overlaps[0] ?? '', /^CPUs 6-7 of an instance are threads of the same cores/);
});

test('an instance stays on one NUMA node with its client, away from the node of CPU 0', (t) => {
  const host = cpuHost(capturedCpus('two-sockets-numa'));
  t.like(host.plan(1), { instance: [6], client: [4], host: [0, 1, 2, 3], overlaps: [], numaNode: 1 });
  t.like(host.plan(2), { instance: [4, 6], numaNode: 1 });
});

test('whole cores weigh more than one node, and a set over several nodes is named', (t) => {
  const plan = cpuHost(capturedCpus('two-sockets-numa')).plan(3);
  t.is(plan.numaNode, null);
  t.deepEqual(plan.instance, [2, 4, 6]);
  t.regex(plan.overlaps.join('\n'), /CPUs 2,4,6 of an instance lie on several NUMA nodes/);
});

test('an isolated CPU goes to an instance with one CPU, though no process has it in its set by default', (t) => {
  const host = cpuHost(capturedCpus('isolated-4-7'));
  t.deepEqual(host.usable, [0, 1, 2, 3, 4, 5, 6, 7]);
  t.like(host.plan(1), { instance: [7], client: [3], host: [0, 1, 2], overlaps: [] });
});

test('an instance with several CPUs gets balanced ones, since nothing moves between isolated ones', (t) => {
  const host = cpuHost(capturedCpus('isolated-4-7'));
  t.deepEqual(host.plan(2).instance, [2, 3]);
  t.regex(host.plan([4, 5]).overlaps[0] ?? '', /^CPUs 4-5 of an instance are isolated/);
});

test('isolated CPUs stay out where this process was given fewer CPUs on purpose, or its cpuset lacks them', (t) => {
  const captured = capturedCpus('isolated-4-7');
  t.deepEqual(cpuHost(captured, { [LIMIT]: 'Cpus_allowed_list:\t1-2\n' }).usable, [1, 2]);
  t.deepEqual(cpuHost(captured, { 'sys/fs/cgroup/cpuset.cpus.effective': '0-4\n' }).usable, [0, 1, 2, 3, 4]);
});

test('a cpuset of version 1 counts too, and one further up where the own one does not say', (t) => {
  const change = {
    'proc/self/cgroup': '5:cpu,cpuset:/a/b\n1:name=systemd:/a\n',
    'sys/fs/cgroup/cpuset.cpus.effective': null,
    'sys/fs/cgroup/cpuset/a/cpuset.effective_cpus': '0-3,6\n',
  };
  t.deepEqual(cpuHost(capturedCpus('isolated-4-7'), change).usable, [0, 1, 2, 3, 6]);
});

test('siblings that are offline are no CPUs, although the mask of allowed ones still names them', (t) => {
  const host = cpuHost(capturedCpus('siblings-offline'));
  t.deepEqual(host.usable, [0, 2, 4, 6]);
  t.like(host.plan(2), { instance: [4, 6], client: [2], host: [0], overlaps: [] });
});

test('a hybrid processor: performance cores first, never both kinds where one suffices', (t) => {
  const devices = { 'sys/devices/cpu_core/cpus': '0-3\n', 'sys/devices/cpu_atom/cpus': '4-7\n' };
  const host = cpuHost({ ...madeUpCpus(['0-1', '0-1', '2-3', '2-3', '4', '5', '6', '7']), ...devices });
  t.like(host.plan(1), { instance: [2], client: [7], overlaps: [] });
  t.like(host.plan(3), { instance: [5, 6, 7], overlaps: [] });
  t.regex(host.plan([2, 5]).overlaps.join('\n'), /CPUs 2,5 of an instance are of different kinds/);
});

test('a container with a few CPUs keeps to them, and to cores that are its own where it can', (t) => {
  const host = cpuHost(capturedCpus('four-cores-smt'), restrictedTo('1-3'));
  t.deepEqual(host.usable, [1, 2, 3]);
  t.like(host.plan(1), { instance: [2], client: [1], host: [1] });
  t.regex(host.plan([1]).overlaps[0] ?? '', /^Beside CPU 1 of an instance others may run/);
});

test('CPUs by name are taken as they are, and what they share is said', (t) => {
  const host = cpuHost(capturedCpus('four-cores-smt'));
  t.deepEqual(host.plan([7, 6, 6]).instance, [6, 7]);
  const plan = host.plan([6], [7, 6]);
  t.deepEqual(plan.client, [6, 7]);
  t.regex(plan.overlaps.join('\n'), /shares CPU 6 with the instance/);
  t.regex(plan.overlaps.join('\n'), /runs on CPU 7, on a core of the instance/);
});

test('CPUs that are not there or not allowed are refused, and so are too many', (t) => {
  const host = cpuHost(capturedCpus('siblings-offline'));
  const refused = (plan: () => unknown) => t.throws(plan, { instanceOf: ConfigError });
  t.is(refused(() => host.plan([1]))?.code, 'NO_SUCH_CPU');
  t.regex(refused(() => host.plan(1, [3]))?.message ?? '', /CPU 3 cannot be used here for clients/);
  t.is(refused(() => host.plan(5))?.code, 'TOO_FEW_CPUS');
});

test('a host that hides its topology has cores of one CPU each', (t) => {
  const host = cpuHost({ [LIMIT]: 'Cpus_allowed_list:\t2-4\n' });
  t.deepEqual(host.plan(1), { instance: [4], client: [3], host: [2], overlaps: [], numaNode: null });
});

test('what is no list of CPUs in a file of the kernel counts as not there', (t) => {
  const garbage = Object.fromEntries(
    Object.keys(capturedCpus('two-sockets-numa')).map((path) => [path, '\u0000x-,9-1\n']),
  );
  const host = cpuHost(garbage, { [LIMIT]: 'Cpus_allowed_list:\t0-1\n' });
  t.deepEqual(
    host.topology.cpus.map(({ id, node, isolated }) => [id, node, isolated]),
    [
      [0, null, false],
      [1, null, false],
    ],
  );
});

const anyCpus = fc
  .array(
    fc.record({
      pair: fc.boolean(),
      node: fc.constantFrom(0, 1, null),
      kind: fc.constantFrom('performance', 'efficiency', null),
      isolated: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) =>
    parts.map(
      ({ pair, ...part }, id): Cpu => ({ id, core: pair && id % 2 === 1 ? id - 1 : id, socket: null, ...part }),
    ),
  );

test('whatever the host: the set is as large as asked, allowed, and nothing overlaps in silence', (t) => {
  fc.assert(
    fc.property(anyCpus, fc.nat(1000), fc.array(fc.nat(11)), (cpus, count, forbidden) => {
      const allowed = cpus.map(({ id }) => id).filter((id) => !forbidden.includes(id));
      if (allowed.length === 0) return;
      const instanceCpus = 1 + (count % allowed.length);
      const plan = planCpus({ topology: { cpus }, allowed, instanceCpus, clientCpus: null });
      t.is(new Set(plan.instance).size, instanceCpus);
      for (const set of [plan.instance, plan.client, plan.host]) {
        t.true(set.length > 0 && set.every((cpu) => allowed.includes(cpu)));
      }
      const touches = [plan.client, plan.host].flat().some((cpu) => plan.instance.includes(cpu));
      if (touches) t.true(plan.overlaps.length > 0);
      const core = (id: number) => cpus[id]?.core;
      const cores = new Set(allowed.map(core)).size;
      t.is(new Set(plan.instance.map(core)).size, Math.min(instanceCpus, cores));
    }),
  );
});

test('this very host can be planned for', (t) => {
  const plan = planCpusHere({ instanceCpus: 1, clientCpus: null });
  t.is(plan.instance.length, 1);
  t.true(plan.usable.includes(plan.instance[0] ?? -1));
});

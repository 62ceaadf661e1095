import test from 'ava';
import { describeCpus, describePlan } from '../../../bench/cli/doctor/cpu-checks.ts';
import { judgeLimit, limitChecks } from '../../../bench/cli/doctor/limit-checks.ts';
import { capturedCpus, cpuHost, madeUpCpus } from '../host/cpu-hosts.ts';
import { hostTree } from '../host/host-tree.ts';

const CEILINGS = { containers: 1100, vms: 200 };

function cpusOf(name: string): string {
  const { topology, usable } = cpuHost(capturedCpus(name));
  return describeCpus(topology, usable).found;
}

test('the CPUs are described by cores, sockets, nodes and isolation', (t) => {
  t.is(cpusOf('two-cores'), '0-1: 2 CPUs on 2 cores, 1 NUMA node');
  t.is(cpusOf('four-cores-smt'), '0-7: 8 CPUs on 4 cores, 1 NUMA node');
  t.is(cpusOf('two-sockets-numa'), '0-7: 8 CPUs on 4 cores, 2 sockets, 2 NUMA nodes');
  t.is(cpusOf('isolated-4-7'), '0-7: 8 CPUs on 8 cores, 1 NUMA node, isolated: 4-7');
  t.is(cpusOf('siblings-offline'), '0,2,4,6: 4 CPUs on 4 cores, 1 NUMA node');
});

test('a host that hides its topology is described by what is known', (t) => {
  const { topology, usable } = cpuHost(madeUpCpus(['0']));
  t.is(describeCpus(topology, usable).found, '0: 1 CPU on 1 core');
});

test('a placement that keeps everything apart is fine, any other is a warning that says why', (t) => {
  const apart = describePlan(cpuHost(capturedCpus('four-cores-smt')).plan(1));
  t.deepEqual(apart, { status: 'ok', found: 'instances 6, clients outside 4, left to the host 0-3', advice: null });
  const shared = describePlan(cpuHost(capturedCpus('two-cores')).plan(1));
  t.is(shared.status, 'warn');
  t.regex(shared.advice ?? '', /shares CPU 0 .*--client-cpus/);
});

test('a limit that a full ramp reaches is named with the command that raises it', (t) => {
  const low = judgeLimit('limit-inotify', '128\n', CEILINGS);
  t.is(low.status, 'warn');
  t.is(low.found, '128 (fs.inotify.max_user_instances)');
  t.regex(low.advice ?? '', /needs 1100, .*: sysctl -w fs\.inotify\.max_user_instances=2048$/);
  t.is(judgeLimit('limit-inotify', '8192\n', CEILINGS).status, 'ok');
  t.regex(judgeLimit('limit-aio', '65536\n', CEILINGS).advice ?? '', /fs\.aio-max-nr=262144$/);
});

test('what is suggested is always enough', (t) => {
  for (const id of ['limit-inotify', 'limit-aio', 'limit-pids', 'limit-threads', 'limit-neighbours']) {
    const value = /=(\d+)$/.exec(judgeLimit(id, '1', CEILINGS).advice ?? '')?.[1];
    t.is(judgeLimit(id, value ?? '', CEILINGS).status, 'ok', id);
  }
});

test('a kernel without a setting, or with something else in its place, gets no advice', async (t) => {
  t.deepEqual(judgeLimit('limit-aio', null, CEILINGS), { status: 'ok', found: 'this host does not say', advice: null });
  t.is(judgeLimit('limit-aio', 'max\n', CEILINGS).status, 'ok');
  using host = hostTree({ 'proc/sys/kernel/pid_max': '4194304\n' });
  const found = await Promise.all(limitChecks(CEILINGS, host.root));
  t.is(found.find(({ id }) => id === 'limit-pids')?.found, '4194304 (kernel.pid_max)');
  t.is(found.find(({ id }) => id === 'limit-aio')?.found, 'this host does not say');
});

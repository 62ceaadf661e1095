import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CommandError, ResourceError, WorkloadError } from '../../bench/errors.ts';
import type { Instance, InstanceSpec } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { dockerRunner } from '../../runners/docker/index.ts';
import { runcRunner } from '../../runners/runc/index.ts';
import { filtersBridged, parseRules } from '../../runners/shared/packet-filter.ts';
import { theImage } from '../helpers/probe-box.ts';
import { entryOf, realRun } from '../helpers/real-run.ts';

const PATIENCE = { timeoutMs: 30_000 };

function ping(instance: Instance, options = PATIENCE) {
  const { address, placement } = instance;
  const argv = ['/usr/bin/redis-cli', '-h', address ?? '', '-p', String(placement.port), 'PING'];
  return instance.client(argv, options);
}

async function rulesFor(bridge: string) {
  const { stdout } = await exec(['iptables', '--wait', '--list-rules', 'FORWARD']);
  return parseRules(stdout).filter((rule) => rule.bridge === bridge);
}

/**
 * A rule of the test's own, that no code of the product knows, passed before those of the table that the product uses.
 * @returns what removes it; it is gone after the test anyway.
 */
async function dropAll(t: ExecutionContext, bridge: string): Promise<() => Promise<unknown>> {
  const rule = ['FORWARD', '-i', bridge, '-o', bridge, '-j', 'DROP'];
  const iptables = ['iptables', '--wait', '--table', 'mangle'];
  const remove = () => exec([...iptables, '--delete', ...rule], { accept: 'any' });
  t.teardown(remove);
  await exec([...iptables, '--insert', ...rule]);
  return remove;
}

async function runcInstance(t: ExecutionContext, over: Partial<InstanceSpec> = {}) {
  const { spec, run } = await realRun(t, over);
  const prepared = await runcRunner.prepare(spec, run);
  const instance = await prepared.start(run, 0);
  const bridge = `tare-${run.owner.tag}`;
  const end = async () => {
    await instance[Symbol.asyncDispose]();
    await prepared[Symbol.asyncDispose]();
  };
  t.teardown(end);
  return { run, prepared, instance, bridge, end };
}

test.serial("a client can write to its home and not to the image's tree, which is the store's", async (t) => {
  const { instance, end } = await runcInstance(t);
  const { exitCode } = await instance.client(['/bin/bash', '-c', 'echo x > /root/mine && cat /root/mine'], PATIENCE);
  t.is(exitCode, 0);
  const refused = await instance.client(['/bin/bash', '-c', 'echo x > /tare/client-was-here'], PATIENCE);
  t.regex(refused.stderr, /Read-only file system/);
  const { tree } = await theImage();
  t.false(existsSync(join(tree, 'root/mine')));
  t.false(existsSync(join(tree, 'tare/client-was-here')));
  t.is(
    (await exec(['findmnt', '--noheadings', '--mountpoint', tree], { accept: [1] })).stdout,
    '',
    'seen by nobody else',
  );
  await end();
});

test.serial('a client runs on its CPUs, in a namespace from which nothing but the bridge can be reached', async (t) => {
  const { run, instance, end } = await runcInstance(t, { clientCpus: [0] });
  const affinity = await instance.client(['/bin/bash', '-c', 'taskset -cp $$'], PATIENCE);
  t.regex(affinity.stdout, /affinity list: 0$/m);
  const netns = `tare-${run.owner.tag}-client`;
  const { stdout } = await exec(['ip', '-netns', netns, 'route', 'show', 'table', 'all', 'type', 'unicast']);
  t.regex(stdout.trim(), /^198\.1[89]\.\d+\.0\/22 dev eth0 [^\n]*$/);
  t.is((await exec(['ip', '-netns', netns, 'route', 'get', '192.0.2.1'], { accept: 'any' })).exitCode, 2);
  await end();
  t.false(existsSync(`/run/netns/${netns}`));
});

test.serial('an instance that gets the address of a former one is reached at once', async (t) => {
  const { run, prepared, instance, end } = await runcInstance(t);
  t.is((await ping(instance)).stdout, 'PONG\n');
  await instance[Symbol.asyncDispose]();
  const next = await prepared.start(run, 1);
  t.teardown(() => next[Symbol.asyncDispose]());
  t.is(next.address, instance.address);
  // What was known of the former one would be believed for half a minute.
  t.is((await ping(next, { timeoutMs: 10_000 })).stdout, 'PONG\n');
  await next[Symbol.asyncDispose]();
  await end();
});

test.serial('no client, no port and no rule; with one there is one of each, gone at the end', async (t) => {
  const { instance, bridge, end } = await runcInstance(t);
  t.deepEqual(await rulesFor(bridge), []);
  const ports = async () =>
    (await exec(['ip', '-oneline', 'link', 'show', 'master', bridge])).stdout.match(/^\d+: t\w/gm);
  t.is((await ports())?.length, 1);
  t.is((await ping(instance)).stdout, 'PONG\n');
  t.is((await ping(instance)).stdout, 'PONG\n');
  t.is((await rulesFor(bridge)).length, filtersBridged(bridge) ? 1 : 0);
  t.is((await ports())?.length, 2);
  await end();
  t.deepEqual(await rulesFor(bridge), []);
});

test.serial(
  'where the packet filter drops what it does not know, the rule is what lets the client through',
  async (t) => {
    const { instance, bridge, end } = await runcInstance(t);
    const { stdout: policy } = await exec(['iptables', '--wait', '--list-rules', 'FORWARD']);
    if (!filtersBridged(bridge) || !policy.startsWith('-P FORWARD DROP')) {
      t.log('this host does not filter between the ports of a bridge, or lets everything pass');
    } else {
      t.is((await ping(instance)).stdout, 'PONG\n');
      const rule = ['FORWARD', '-i', bridge, '-o', bridge, '-m', 'comment', '--comment', bridge, '-j', 'ACCEPT'];
      await exec(['iptables', '--wait', '--delete', ...rule]);
      // It was reached before, and is not asked for its reachability again: the connection itself hangs.
      const error = await t.throwsAsync(ping(instance, { timeoutMs: 3000 }), { instanceOf: CommandError });
      t.is(error?.code, 'COMMAND_TIMEOUT');
    }
    // A rule that is gone already is no trouble.
    await end();
    t.pass();
  },
);

for (const runner of [runcRunner, dockerRunner]) {
  test.serial(`${runner.id}: a client that the packet filter stops all the same is told so`, async (t) => {
    const { spec, run } = await realRun(t);
    await using prepared = await runner.prepare(spec, run);
    await using instance = await prepared.start(run, 0);
    const bridge = runner.id === 'docker' ? `td${run.owner.tag}` : `tare-${run.owner.tag}`;
    if (!filtersBridged(bridge)) {
      t.log('this host does not filter between the ports of a bridge');
      t.is((await ping(instance)).stdout, 'PONG\n');
      return;
    }
    const remove = await dropAll(t, bridge);
    const error = await t.throwsAsync(ping(instance), { instanceOf: ResourceError });
    t.is(error?.code, 'BRIDGE_BLOCKED');
    t.regex(error?.hint ?? '', /nft list ruleset/);
    await remove();
    t.is((await ping(instance)).stdout, 'PONG\n');
  });
}

test.serial('an application that does not answer is not taken for a packet filter', async (t) => {
  const { instance, end } = await runcInstance(t);
  await instance.exec(['/usr/bin/redis-cli', 'CONFIG', 'SET', 'bind', '127.0.0.1'], PATIENCE);
  const error = await t.throwsAsync(ping(instance), { instanceOf: WorkloadError });
  t.is(error?.code, 'UNREACHABLE');
  await end();
});

test.serial('an instance in which nothing listens has a client as well', async (t) => {
  const { instance, end } = await runcInstance(t, { entry: entryOf(['/bin/sleep', '600'], 'none') });
  t.like(await instance.client(['/bin/echo', 'here'], PATIENCE), { exitCode: 0, stdout: 'here\n' });
  await end();
});

test.serial('nothing is sent once the way to the instance leads elsewhere', async (t) => {
  const { run, instance, end } = await runcInstance(t);
  t.is((await ping(instance)).stdout, 'PONG\n');
  const netns = `tare-${run.owner.tag}-client`;
  await exec(['ip', '-netns', netns, 'route', 'add', `${instance.address}/32`, 'dev', 'lo']);
  const error = await t.throwsAsync(ping(instance), { instanceOf: ResourceError });
  t.is(error?.code, 'ROUTE_ASTRAY');
  await end();
});

test.serial('a client past its deadline goes with all that it started', async (t) => {
  const { instance, end } = await runcInstance(t);
  const late = instance.client(['/bin/bash', '-c', 'sleep 5432 & sleep 5433'], { timeoutMs: 1000 });
  t.is((await t.throwsAsync(late))?.message.startsWith('no end after 1000 ms'), true);
  const { stdout } = await exec(['ps', '-e', '-o', 'args']);
  t.notRegex(stdout, /sleep 543[23]/);
  await end();
});

import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import test from 'ava';
import { ResourceError } from '../../bench/errors.ts';
import { exec } from '../../bench/proc/exec.ts';
import { requireRoute, routeTo, runBridge } from '../../runners/shared/bridge.ts';
import { fakeRun } from '../helpers/fakes.ts';

function someRun() {
  const run = fakeRun();
  return { ...run, owner: { ...run.owner, tag: randomBytes(3).toString('hex') } };
}

async function exists(link: string): Promise<boolean> {
  return (await exec(['ip', 'link', 'show', 'dev', link], { accept: 'any' })).exitCode === 0;
}

test('a run has one bridge, made for its first user and removed after its last', async (t) => {
  const run = someRun();
  const [first, second] = await Promise.all([runBridge(run), runBridge(run)]);
  t.is(first.name, `tare-${run.owner.tag}`);
  t.is(first.subnet, second.subnet);
  t.is(await routeTo(first.hostAddress.replace(/1$/, '2')), first.name);
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  t.true(await exists(second.name));
  await second[Symbol.asyncDispose]();
  t.false(await exists(second.name));
});

test('a bridge that is released and wanted again at once is made anew', async (t) => {
  const run = someRun();
  const first = await runBridge(run);
  const removal = first[Symbol.asyncDispose]();
  await using second = await runBridge(run);
  await removal;
  t.true(await exists(second.name));
});

test('nothing that arrives on the bridge is forwarded, and IPv6 is off', async (t) => {
  await using bridge = await runBridge(someRun());
  t.is(readFileSync(`/proc/sys/net/ipv4/conf/${bridge.name}/forwarding`, 'utf8').trim(), '0');
  t.is(readFileSync(`/proc/sys/net/ipv6/conf/${bridge.name}/disable_ipv6`, 'utf8').trim(), '1');
});

test('two runs have two subnets', async (t) => {
  await using first = await runBridge(someRun());
  await using second = await runBridge(someRun());
  t.not(first.subnet, second.subnet);
});

test('an instance keeps its address until it gives it back', async (t) => {
  await using bridge = await runBridge(someRun());
  const first = bridge.lease();
  using second = bridge.lease();
  t.not(first.address, second.address);
  t.is(first.withPrefix, `${first.address}/22`);
  first[Symbol.dispose]();
  using third = bridge.lease();
  t.is(third.address, first.address);
});

test('once the bridge has gone, nothing may be sent to its addresses', async (t) => {
  const bridge = await runBridge(someRun());
  using lease = bridge.lease();
  await t.notThrowsAsync(requireRoute(lease.address, bridge.name));
  await bridge[Symbol.asyncDispose]();
  const error = await t.throwsAsync(requireRoute(lease.address, bridge.name), { instanceOf: ResourceError });
  t.is(error?.code, 'ROUTE_ASTRAY');
});

test('a full bridge is followed by another of the same run, with a subnet of its own, and all of them go with the last user', async (t) => {
  const run = someRun();
  const bridge = await runBridge(run, 2);
  const places = await Promise.all(Array.from({ length: 5 }, () => bridge.attach()));
  const names = places.map((place) => place.bridge);
  t.deepEqual(
    names.toSorted(),
    ['', '', '-1', '-1', '-2'].map((shard) => `tare-${run.owner.tag}${shard}`),
  );
  t.is(new Set(places.map(({ address }) => address)).size, 5);
  for (const place of places) t.is(await routeTo(place.address), place.bridge);
  places[0]?.[Symbol.dispose]();
  t.is((await bridge.attach()).bridge, bridge.name);
  await bridge[Symbol.asyncDispose]();
  for (const name of names) t.false(await exists(name));
});

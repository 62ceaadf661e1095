import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import test from 'ava';
import { exec, spawn } from '../../bench/proc/exec.ts';
import { onlyRun } from '../../bench/proc/owner.ts';
import { hierarchies } from '../../runners/shared/cgroups.ts';
import { sweepHost } from '../../runners/shared/sweep.ts';

const tagged = () => randomBytes(3).toString('hex');

/** One thing of every kind that a run may leave, made by hand, without any code of the product's own. */
async function litter(stateDir: string, tag: string) {
  const folder = join(stateDir, 'runs', tag);
  const mountPoint = join(folder, 'a folder\\with	strange letters');
  mkdirSync(mountPoint, { recursive: true });
  await exec(['mount', '-t', 'tmpfs', 'tare-test', mountPoint]);
  const below = join(mountPoint, 'below');
  mkdirSync(below);
  await exec(['mount', '-t', 'tmpfs', 'tare-test', below]);
  await exec(['ip', 'link', 'add', `tare-${tag}`, 'type', 'bridge']);
  await exec(['ip', 'netns', 'add', `tare-${tag}-0`]);
  await exec(['ip', 'link', 'add', `tv${tag}0`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `tare-${tag}-0`]);
  await exec(['ip', 'netns', 'add', `tare-${tag}-client`]);
  await exec(['ip', 'link', 'add', `tc${tag}0`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `tare-${tag}-client`]);
  const rule = ['-i', `tare-${tag}`, '-o', `tare-${tag}`, '-m', 'comment', '--comment', `tare-${tag}`, '-j', 'ACCEPT'];
  await exec(['iptables', '--wait', '-I', 'FORWARD', ...rule]);
  const memory = hierarchies().find(({ controllers }) => controllers.includes('memory'))?.mountPoint ?? '/nowhere';
  const cgroup = join(memory, `tare-${tag}-runc-0`);
  mkdirSync(join(cgroup, 'below'), { recursive: true });
  const sleeper = await spawn(['sleep', '600'], { env: { TARE_OWNER: tag } });
  return { folder, cgroup, sleeper, mounts: [below, mountPoint] };
}

async function links(): Promise<string> {
  return (await exec(['ip', '-oneline', 'link', 'show'])).stdout;
}

test.serial('the host’s sweep takes one run’s things of every kind, and leaves another’s alone', async (t) => {
  const stateDir = mkdtempSync('/var/lib/tare-test-');
  const [dead, other] = [tagged(), tagged()];
  const context = { stateDir, signal: new AbortController().signal };
  t.teardown(async () => {
    for (const tag of [dead, other]) await sweepHost(onlyRun(tag), { ...context, dryRun: false });
    rmSync(stateDir, { recursive: true });
  });
  const mine = await litter(stateDir, dead);
  const theirs = await litter(stateDir, other);

  const expected = [
    `cgroup ${mine.cgroup}`,
    `folder ${mine.folder}`,
    `link tare-${dead}`,
    `link tv${dead}0`,
    `link tc${dead}0`,
    `rule tare-${dead}`,
    ...mine.mounts.map((path) => `mount ${path}`),
    `netns tare-${dead}-0`,
    `netns tare-${dead}-client`,
    `process ${mine.sleeper.pid}`,
  ];
  const named = (refs: readonly { kind: string; id: string }[]) =>
    refs.map(({ kind, id }) => `${kind} ${id}`).toSorted();
  t.deepEqual(named(await sweepHost(onlyRun(dead), { ...context, dryRun: true })), expected.toSorted());
  t.true(existsSync(mine.cgroup));

  const swept = await Promise.all([1, 2].map(() => sweepHost(onlyRun(dead), { ...context, dryRun: false })));
  // Each may find what the other has not removed yet.
  t.deepEqual([...new Set(named(swept.flat()))], expected.toSorted());
  t.deepEqual(await sweepHost(onlyRun(dead), { ...context, dryRun: false }), []);
  t.is((await mine.sleeper.ended).signal, 'SIGKILL');
  t.false(existsSync(mine.folder));
  t.false((await links()).includes(dead));
  t.false((await exec(['iptables-save'])).stdout.includes(dead));

  t.is((await sweepHost(onlyRun(other), { ...context, dryRun: true })).length, expected.length);
  t.true(existsSync(theirs.cgroup));
  t.true((await links()).includes(`tv${other}0`));
  t.true((await exec(['iptables-save'])).stdout.includes(other));
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { setupShell } from '../../helpers/shell.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../../fixtures/setup', name), 'utf8');

/** What the set-up has against an installation; `inUse` are the installed packages that something running uses. */
async function objectionsTo(name: string, inUse: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const known = inUse.map((each) => `${each}) echo "whose /lib/x a running process uses" ;;`).join(' ');
  const text = `use_of() { case $1 in ${known} *) ;; esac; }\nread_plan | objections`;
  const { exitCode, stdout, stderr } = await setupShell(['plan.sh'], text, { input: fixture(name), env });
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

test('packages that are only added are installed without a question', async (t) => {
  t.deepEqual(await objectionsTo('apt-add.txt'), []);
});

test('the plan tells added, upgraded and removed packages apart', async (t) => {
  const { stdout } = await setupShell(['plan.sh'], 'read_plan', { input: fixture('apt-upgrade.txt') });
  const lines = stdout.trim().split('\n');
  t.true(lines.includes('add zzuf'));
  t.deepEqual(
    lines.filter((line) => line.startsWith('upgrade')),
    ['libcap2', 'libbrotli-dev', 'libbrotli1', 'libpam-cap', 'libcap2-bin'].map((name) => `upgrade ${name}`),
  );
});

test('nothing is ever removed', async (t) => {
  t.deepEqual(await objectionsTo('apt-remove.txt'), ['it would remove podman-docker']);
});

test('an upgrade of something that nothing uses is installed', async (t) => {
  t.deepEqual(await objectionsTo('apt-upgrade.txt'), []);
});

test('an upgrade under a running process is refused, with the package and the file', async (t) => {
  t.deepEqual(await objectionsTo('apt-upgrade.txt', ['libcap2']), [
    'it would upgrade libcap2, whose /lib/x a running process uses',
  ]);
});

test('upgrades can be allowed, removals cannot', async (t) => {
  const env = { TARE_UPGRADES: 'allow' };
  t.deepEqual(await objectionsTo('apt-upgrade.txt', ['libcap2'], env), []);
  t.deepEqual(await objectionsTo('apt-remove.txt', [], env), ['it would remove podman-docker']);
});

test('a library that a running process has mapped is in use, wherever /usr stands in its name', async (t) => {
  const text = `systemd_runs() { false; }
dpkg-query() { printf '%s\\n' /. /usr/lib/x/libcap.so.2 /usr/share/doc/libcap2; }
RUNNING_CODE=/lib/x/libcap.so.2
use_of libcap2`;
  const { stdout } = await setupShell(['plan.sh'], text);
  t.is(stdout, 'whose /lib/x/libcap.so.2 a running process uses\n');
});

test('a package whose service runs is in use', async (t) => {
  const text = `systemd_runs() { true; }
systemctl() { [ "$*" = '--quiet is-active cron.service' ]; }
dpkg-query() { printf '%s\\n' /lib/systemd/system/cron.service /lib/systemd/system/at@.service; }
RUNNING_CODE=none
use_of cron`;
  const { stdout } = await setupShell(['plan.sh'], text);
  t.is(stdout, 'whose service cron.service runs\n');
});

test('a package of which nothing runs is not in use', async (t) => {
  const text = `systemd_runs() { false; }
dpkg-query() { printf '%s\\n' /. /usr/bin/zzuf; }
RUNNING_CODE=/lib/x/libcap.so.2
use_of zzuf`;
  t.deepEqual(await setupShell(['plan.sh'], text), { exitCode: 0, stdout: '', stderr: '' });
});

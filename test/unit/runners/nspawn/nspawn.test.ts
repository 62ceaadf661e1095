import test from 'ava';
import { nspawnWords } from '../../../../runners/nspawn/kind.ts';
import { isFirstOfNamespace } from '../../../../runners/nspawn/leader.ts';
import { parseVersion } from '../../../../runners/nspawn/probe.ts';
import { layout } from '../../../../runners/oci/layout.ts';
import { fakeRun } from '../../../helpers/fakes.ts';

const VERSION = `systemd 252 (252.38-1~deb12u1)
+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS default-hierarchy=unified
`;

test('the version is read, and whether system calls are filtered', (t) => {
  t.deepEqual(parseVersion(VERSION), { version: '252', seccomp: true });
  t.deepEqual(parseVersion(VERSION.replace('+SECCOMP', '-SECCOMP')), { version: '252', seccomp: false });
  t.is(parseVersion('something else').version, 'unknown');
});

test('process 1 of a namespace below is told from the host’s and from one that is not the first', (t) => {
  const status = (pids: string) => `Name:\tx\nNStgid:\t${pids}\nNSpid:\t${pids}\nNSpgid:\t0\n`;
  t.true(isFirstOfNamespace(status('29963\t1')));
  t.true(isFirstOfNamespace(status('29963\t40\t1')));
  t.false(isFirstOfNamespace(status('1')));
  t.false(isFirstOfNamespace(status('29963\t2')));
  t.false(isFirstOfNamespace(status('29963')));
  t.false(isFirstOfNamespace(''));
});

test('capabilities that Docker does not give are dropped, and those that it gives are not', (t) => {
  const paths = layout({ id: 'nspawn' }, fakeRun(), 3);
  const words = nspawnWords({ paths, environment: { A: 'b' }, argv: ['/tare/probe', ''] }, { soft: 5, hard: 9 });
  const dropped =
    words
      .find((word) => word.startsWith('--drop-capability='))
      ?.split('=')[1]
      ?.split(',') ?? [];
  for (const name of ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_SYS_PTRACE']) t.true(dropped.includes(name), name);
  for (const name of ['CAP_CHOWN', 'CAP_KILL', 'CAP_MKNOD']) t.false(dropped.includes(name), name);
  t.true(words.includes('--rlimit=NOFILE=5:9') && words.includes('--setenv=A=b'));
  t.true(words.includes('--machine=tare-a1b2c3-nspawn-3'));
  t.deepEqual(words.slice(-3), ['--', '/tare/probe', '']);
  t.false(nspawnWords({ paths, environment: {}, argv: [] }, null).some((word) => word.startsWith('--rlimit')));
});

import test from 'ava';
import { type PodmanInfo, supportOf } from '../../../../runners/podman/probe.ts';

const MIXED = { ok: false, code: 'MIXED_CGROUPS', reason: 'crun cannot run there', hint: 'boot otherwise' } as const;

const INFO: PodmanInfo = {
  host: {
    cgroupManager: 'systemd',
    cgroupVersion: 'v2',
    conmon: { version: 'conmon version 2.1.6, commit: unknown' },
    networkBackend: 'netavark',
    ociRuntime: { name: 'crun', version: 'crun version 1.8.1\ncommit: f8a096be\nspec: 1.0.0' },
  },
  store: { graphDriverName: 'overlay' },
  version: { Version: '4.3.1' },
};

test('Podman is what it says, with the versions of all that it is made of', (t) => {
  const support = supportOf(INFO, { runtime: 'default', mixed: undefined });
  t.like(support, { ok: true, as: 'podman', title: 'Podman' });
  t.deepEqual(support.ok && support.versions, {
    ...{ podman: '4.3.1', crun: '1.8.1', conmon: '2.1.6', network: 'netavark', storage: 'overlay' },
    cgroup: 'v2 (systemd)',
  });
});

test('crun on cgroups of both versions is refused with the option that helps, runc is not', (t) => {
  const refused = supportOf(INFO, { runtime: 'default', mixed: MIXED });
  t.like(refused, { ok: false, code: 'MIXED_CGROUPS', hint: 'use runc: --set options.podman.runtime=runc' });
  const host = { ...INFO.host, ociRuntime: { name: 'runc', version: 'runc version 1.1.5+ds1' } };
  const support = supportOf({ ...INFO, host }, { runtime: 'runc', mixed: MIXED });
  t.like(support, { ok: true, versions: { runc: '1.1.5+ds1', runtime: 'runc' } });
});

test('networks of another backend are refused with the package', (t) => {
  const support = supportOf(
    { ...INFO, host: { ...INFO.host, networkBackend: 'cni' } },
    { runtime: 'default', mixed: undefined },
  );
  t.like(support, { ok: false, code: 'NO_NETAVARK' });
  t.regex(support.ok ? '' : support.hint, /^install it with: apt-get install netavark /);
});

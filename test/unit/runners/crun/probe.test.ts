import test from 'ava';
import { missingFeature, mixedCgroups, parseVersion } from '../../../../runners/crun/probe.ts';
import { CRUN } from '../../../../runners/crun/runtime.ts';
import type { Hierarchy } from '../../../../runners/shared/cgroups.ts';
import { ociConfig } from '../../../../runners/oci/config.ts';
import { fakeSpec } from '../../../helpers/fakes.ts';
import { CONTAINER } from '../../../helpers/oci.ts';

const SAID = `crun version 1.8.1
commit: f8a096be060b22ccd3d5f3ebe44108517fbf6c30
rundir: /run/crun
spec: 1.0.0
+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +YAJL
`;
const SYSTEMD = { version: 2, systemd: true } as const;

function hierarchy(version: 1 | 2, mountPoint: string, ...controllers: readonly string[]): Hierarchy {
  return { version, controllers, mountPoint, root: '/' };
}

const MEMORY = hierarchy(1, '/sys/fs/cgroup/memory', 'memory');

test('version and features are read', (t) => {
  const { version, features } = parseVersion(SAID);
  t.is(version, '1.8.1');
  t.deepEqual(features, ['SYSTEMD', 'SELINUX', 'APPARMOR', 'CAP', 'SECCOMP', 'EBPF', 'YAJL']);
  t.deepEqual(parseVersion(''), { version: 'unknown', features: [] });
});

test('controllers of both versions at once are refused by name, and with what helps', (t) => {
  const refusal = mixedCgroups([MEMORY, hierarchy(2, '/sys/fs/cgroup/unified', 'hugetlb', 'misc')]);
  t.like(refusal, { ok: false, code: 'MIXED_CGROUPS' });
  t.regex(refusal && !refusal.ok ? refusal.reason : '', /version 2 at \/sys\/fs\/cgroup\/unified .*\(hugetlb, misc\)/);
  t.regex(refusal && !refusal.ok ? refusal.hint : '', /systemd\.unified_cgroup_hierarchy=1/);
});

test('either version alone is taken, and a second one without controllers', (t) => {
  t.is(mixedCgroups([hierarchy(2, '/sys/fs/cgroup', 'cpuset', 'memory')]), undefined);
  t.is(mixedCgroups([MEMORY]), undefined);
  t.is(mixedCgroups([MEMORY, hierarchy(2, '/sys/fs/cgroup/unified')]), undefined);
});

test('a build without what is needed is refused', (t) => {
  t.is(missingFeature(parseVersion(SAID), SYSTEMD), undefined);
  const without = (feature: string) => parseVersion(SAID.replace(`+${feature} `, ''));
  t.like(missingFeature(without('SECCOMP'), SYSTEMD), { code: 'NO_SECCOMP' });
  t.like(missingFeature(without('SYSTEMD'), SYSTEMD), { code: 'NO_SYSTEMD' });
  t.is(missingFeature(without('SYSTEMD'), { version: 2, systemd: false }), undefined);
});

test('systemd is asked for scopes where cgroups are its own', async (t) => {
  const options = async (systemd: boolean) =>
    (await CRUN.invocation({ version: systemd ? 2 : 1, systemd }, {} as never)).options;
  t.deepEqual(await options(true), ['--cgroup-manager', 'systemd']);
  t.deepEqual(await options(false), ['--cgroup-manager', 'cgroupfs']);
});

test('its containers are in systemd’s scope itself, and are otherwise configured as runc’s', (t) => {
  const config = ociConfig(fakeSpec(), CONTAINER);
  t.deepEqual(CRUN.adapt?.(config), { ...config, annotations: { 'run.oci.systemd.subgroup': '' } });
});

for (const said of [
  'executable file `/no/such` not found in $PATH: No such file or directory\n',
  'executable file `/no/such` not found: No such file or directory\n',
  'open executable: Permission denied\n',
  'the path `/etc/passwd` exists but it is not executable: Operation not permitted\n',
  'setns `mnt`: Bad file descriptor\nfail startup\n',
  'the container `x` is not running\n',
  'container `x` does not exist\n',
  'error opening file `/run/x/status`: No such file or directory\n',
]) {
  test(`told from what a program says: ${said.split('\n')[0]}`, (t) => {
    t.regex(said, CRUN.notRun);
    t.notRegex(`redis: ${said.split('\n')[0]}`, CRUN.notRun);
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { platformProblem, tooOld } from '../../../../runners/gvisor/probe.ts';
import { parseFlags, parseVersion, tellsNamespacesApart } from '../../../../runners/gvisor/version.ts';

const SAID = readFileSync(join(import.meta.dirname, '../../../fixtures/runners/runsc-flags.txt'), 'utf8');

test('the version is read, of Debian’s and of gVisor’s own releases', (t) => {
  t.is(parseVersion('runsc version 0.0~20221219.0\nspec: 1.0.2-dev\n'), '0.0~20221219.0');
  t.is(parseVersion('runsc version release-20240807.0\nspec: 1.1.0-rc.1\n'), 'release-20240807.0');
  t.is(parseVersion('something else'), 'unknown');
});

test('versions from August 2024 on tell network namespaces apart; one without a date is taken for old', (t) => {
  t.false(tellsNamespacesApart('0.0~20221219.0'));
  t.false(tellsNamespacesApart('release-20240729.0'));
  t.true(tellsNamespacesApart('release-20240801.0'));
  t.true(tellsNamespacesApart('0.0~20250113.0'));
  t.false(tellsNamespacesApart('VERSION_MISSING'));
});

test('the options of a version are read, and what its platform may be and is', (t) => {
  const { names, platforms, platform } = parseFlags(SAID);
  t.true(['host-fifo', 'overlay2', 'net-raw', 'platform', 'systemd-cgroup'].every((name) => names.has(name)));
  t.deepEqual(platforms, ['ptrace', 'kvm']);
  t.is(platform, 'ptrace');
  t.is(parseFlags('').platform, undefined);
});

test('a version without the options that are needed is refused by the first of them', (t) => {
  const flags = parseFlags(SAID);
  t.is(tooOld(flags), undefined);
  const names = new Set([...flags.names].filter((name) => name !== 'host-fifo'));
  t.like(tooOld({ ...flags, names }), { ok: false, code: 'TOO_OLD', reason: 'this runsc has no option --host-fifo' });
});

test('a platform that the version lacks, or the host, is refused', (t) => {
  const flags = parseFlags(SAID);
  t.is(platformProblem('default', flags, false), undefined);
  t.is(platformProblem('ptrace', flags, false), undefined);
  t.like(platformProblem('systrap', flags, true), { ok: false, code: 'NO_PLATFORM' });
  t.like(platformProblem('kvm', flags, false), { ok: false, code: 'NO_KVM' });
  t.is(platformProblem('kvm', flags, true), undefined);
});

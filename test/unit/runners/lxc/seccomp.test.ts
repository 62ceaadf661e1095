import test from 'ava';
import { seccompText } from '../../../../runners/lxc/seccomp.ts';
import { seccompProfile } from '../../../../runners/oci/seccomp.ts';

const LINES = seccompText().trimEnd().split('\n');

test('it begins as version 2 of the format does: what is not named fails with EPERM, on every architecture', (t) => {
  t.deepEqual(LINES.slice(0, 3), ['2', 'allowlist errno 1', '[all]']);
});

test('every rule of the shared profile is there, and no other', (t) => {
  const expected = seccompProfile().syscalls.reduce((sum, { names }) => sum + names.length, 0);
  t.is(LINES.length - 3, expected);
  for (const line of LINES.slice(3)) t.regex(line, /^[a-z_]\w* (?:allow|errno \d+)(?: \[[^\]]+\])*$/);
});

test('conditions are LXC’s: index, value, operator, and the mask last', (t) => {
  t.true(LINES.includes('socket allow [0,40,SCMP_CMP_NE]'));
  t.true(LINES.includes('personality allow [0,8,SCMP_CMP_EQ]'));
  // No new namespace: of the flags under the mask none may be set.
  t.true(LINES.includes('clone allow [0,0,SCMP_CMP_MASKED_EQ,2114060288]'));
});

test('a call with an error of its own has it', (t) => {
  t.true(LINES.includes('clone3 errno 38'));
  t.true(LINES.includes('openat allow'));
  t.false(LINES.some((line) => line.startsWith('mount ')));
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  deadOwners,
  forgetOwner,
  isAlive,
  newOwner,
  onlyRun,
  ownedName,
  registeredOwners,
  registerOwner,
  tagOf,
} from '../../../bench/proc/owner.ts';

function temporaryState(teardown: (undo: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'tare-test-'));
  teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('a registered owner is this living process, and its run id carries its tag', (t) => {
  const state = temporaryState(t.teardown);
  const owner = newOwner(new Date('2026-01-02T03:04:05.678Z'));
  t.deepEqual(registeredOwners(state), []);
  registerOwner(state, owner);
  t.is(owner.pid, process.pid);
  t.is(owner.runId, `20260102-030405-${owner.tag}`);
  t.true(isAlive(owner));
  t.deepEqual(registeredOwners(state), [{ ...owner, modules: [] }]);
  t.false(deadOwners(state).matches(owner.tag));
  forgetOwner(state, owner.tag);
  forgetOwner(state, owner.tag);
  t.deepEqual(registeredOwners(state), []);
});

test('a reused pid or another boot is not the owner', (t) => {
  const owner = newOwner(new Date());
  t.false(isAlive({ ...owner, startTime: '1' }));
  t.false(isAlive({ ...owner, bootId: '00000000-0000-0000-0000-000000000000' }));
  t.false(isAlive({ ...owner, pid: 2 ** 22 + 1 }));
});

test('only a registered and dead owner is dead; an unknown tag is nobody to judge', (t) => {
  const state = temporaryState(t.teardown);
  mkdirSync(join(state, 'owners'));
  const dead = { runId: '20260102-030405-aaaaaa', tag: 'aaaaaa', pid: 1, startTime: 'never', bootId: 'other' };
  writeFileSync(join(state, 'owners', 'aaaaaa.json'), JSON.stringify(dead));
  writeFileSync(join(state, 'owners', 'bbbbbb.json'), '{"tag":"bbbb');
  const filter = deadOwners(state);
  t.true(filter.matches('aaaaaa'));
  t.false(filter.matches('bbbbbb'));
  t.false(filter.matches('cccccc'));
});

test('the tag is found again in a name, and nowhere else', (t) => {
  t.is(tagOf(ownedName('a1b2c3', 'c7')), 'a1b2c3');
  t.is(tagOf(ownedName('a1b2c3')), 'a1b2c3');
  for (const name of [
    'tare',
    'tare-',
    'tare-a1b2c',
    'tare-a1b2c3d',
    'tare-A1B2C3-x',
    'x-tare-a1b2c3',
    'target-a1b2c3',
  ]) {
    t.is(tagOf(name), undefined, name);
  }
  t.true(onlyRun('a1b2c3').matches('a1b2c3'));
  t.false(onlyRun('a1b2c3').matches('a1b2c4'));
});

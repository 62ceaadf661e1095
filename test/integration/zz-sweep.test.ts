import test from 'ava';
import { setTimeout as delay } from 'node:timers/promises';
import { leftovers } from '../helpers/leftovers.ts';

/** Runs last, as its name says: after everything else nothing of tare's may be on the host. */
test('after all tests nothing is left on this host', async (t) => {
  // A reaper that was told to go is given a moment to end.
  let left = await leftovers('/var/lib/tare');
  for (let tries = 0; left.length > 0 && tries < 20; tries += 1) {
    await delay(500);
    left = await leftovers('/var/lib/tare');
  }
  t.deepEqual(left, []);
});

import test from 'ava';
import { leftovers } from '../helpers/leftovers.ts';

/** Runs last, as its name says: after everything else nothing of tare's may be on the host. */
test('after all tests nothing is left on this host', async (t) => {
  t.deepEqual(await leftovers('/var/lib/tare'), []);
});

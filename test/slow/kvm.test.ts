import test from 'ava';
import { entryOf } from '../helpers/real-run.ts';
import { failedStart, namesOf, withGuests } from '../helpers/full-system.ts';

test.serial('a panic is noticed when it happens, with the kernel’s own words', async (t) => {
  const entry = entryOf(['/bin/sh', '-c', 'echo c > /proc/sysrq-trigger; sleep 600']);
  await withGuests(t, { entry }, async (guests) => {
    const error = await failedStart(t, guests);
    t.is(error.code, 'DOMAIN_GONE');
    t.regex(error.message, /Kernel panic/);
    t.deepEqual(namesOf(error.marks).slice(0, 5), ['launched', 'api', 'kernel', 'init', 'exec']);
  });
});

test.serial('a workload that fails is noticed at once and reported with what it wrote', async (t) => {
  const entry = entryOf(['/usr/bin/redis-server', '--no-such-option', 'yes']);
  await withGuests(t, { entry }, async (guests) => {
    const error = await failedStart(t, guests);
    t.is(error.code, 'WORKLOAD_EXITED');
    t.regex(error.logs['output.log'] ?? '', /no-such-option/);
    t.true('system.json' in error.logs);
  });
});

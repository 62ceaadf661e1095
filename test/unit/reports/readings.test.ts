import test from 'ava';
import { readingIn } from '../../../reports/readings.ts';
import { designedDifferences } from '../../../runners/kvm-common/accelerator.ts';

const CHINESE = /\p{Script=Han}/u;

test('why guests differ by design is told in Chinese, too', (t) => {
  const boots = [
    'booted from its own disk by firmware, boot loader and systemd',
    'booted directly with an initial file tree of ours',
  ];
  for (const { why } of boots.flatMap(designedDifferences)) {
    t.regex(readingIn('zh', why), CHINESE, why);
    t.is(readingIn('en', why), why);
  }
});

test('parts of a message stay in it, and what is not known stays as it is', (t) => {
  t.is(readingIn('zh', '12 pages were swapped'), '换页 12 页');
  t.is(readingIn('zh', 'something new'), 'something new');
});

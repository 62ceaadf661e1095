import test from 'ava';
import { cpusOf, readAnswers } from '../../../runners/kvm-common/limits.ts';

const ANSWERS = `kernel 6.1.0-56-cloud-amd64
seccomp\t0
capabilities\t000001ffffffffff
apparmor unconfined
hugePages always [madvise] never
swapKib       0 kB
`;

test('what a guest says of itself is read', (t) => {
  t.deepEqual(readAnswers(ANSWERS), {
    kernel: '6.1.0-56-cloud-amd64',
    seccomp: 0,
    capabilities: '000001ffffffffff',
    apparmor: 'unconfined',
    hugePages: 'madvise',
    swapBytes: 0,
  });
});

test('what a guest leaves out or makes up is missing, not guessed', (t) => {
  const hostile = `kernel \x1b[31mx\nseccomp 9\ncapabilities <b>\nhugePages []\nswapKib 99999999999999 kB\n`;
  for (const text of ['', hostile]) t.true(Object.values(readAnswers(text)).every((value) => value === null));
});

test('CPUs of several threads are united and sorted', (t) => {
  t.deepEqual(
    cpusOf([
      { name: 'a', cpus: [3, 1] },
      { name: 'b', cpus: [1, 10] },
    ]),
    [1, 3, 10],
  );
  t.is(cpusOf([]), null);
});

import test from 'ava';
import * as fc from 'fast-check';
import { allowedCpus, formatCpuList, parseCpuList } from '../../../bench/host/cpus.ts';
import { ConfigError } from '../../../bench/errors.ts';

test("the kernel's lists of CPUs", (t) => {
  t.deepEqual(parseCpuList('0-3,8\n'), [0, 1, 2, 3, 8]);
  t.deepEqual(parseCpuList(''), []);
  t.is(formatCpuList([8, 2, 1, 0, 3, 3]), '0-3,8');
  t.is(formatCpuList([]), '');
});

test('what is no list is refused, and so is one that would fill the memory', (t) => {
  for (const text of ['a', '1-', '-1', '3-1', '1 2', '0x1', '1.5', '0-99999999999', '١']) {
    t.is(t.throws(() => parseCpuList(text), { instanceOf: ConfigError }, text)?.code, 'BAD_CPU_LIST');
  }
});

test('writing a list and reading it gives the same CPUs', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300)), (cpus) => {
      t.deepEqual(
        parseCpuList(formatCpuList(cpus)),
        cpus.toSorted((a, b) => a - b),
      );
    }),
  );
});

test('the CPUs of a process are those of its status', (t) => {
  t.deepEqual(allowedCpus('Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1,5\n'), [0, 1, 5]);
  t.deepEqual(allowedCpus('Name:\tnode\n'), []);
});

import test from 'ava';
import { lastWords, pinCommands, tapBatch } from '../../../../runners/qemu/domain.ts';
import { linkTag, tapName } from '../../../../runners/shared/netns.ts';

test('a guest’s tap is a port of the bridge, and a sweep knows whose it is', (t) => {
  const tap = tapName('0a1b2c', 7);
  t.is(
    tapBatch(tap, 'tare-0a1b2c'),
    'tuntap add dev tt0a1b2c7 mode tap\nlink set dev tt0a1b2c7 addrgenmode none master tare-0a1b2c up\n',
  );
  t.is(linkTag(tap), '0a1b2c');
  t.is(tapName('0a1b2c', 9_999_999).length, 15);
});

test('QEMU’s last words are told without its name and the time', (t) => {
  const timed = '2026-11-27T00:57:19.715622Z qemu-system-x86_64: -device x: ioeventfd is required for iothread\n';
  t.is(lastWords(timed), '-device x: ioeventfd is required for iothread');
  t.is(lastWords('a warning\nqemu: error reading initrd /i: no\n'), 'error reading initrd /i: no');
  t.is(
    lastWords('taskset: failed to set affinity: Invalid argument\n'),
    'taskset: failed to set affinity: Invalid argument',
  );
  t.is(lastWords(''), '');
});

test('each virtual CPU’s thread is pinned to the CPU of its place', (t) => {
  const threads = [
    { id: 100, name: 'qemu-system-x86' },
    { id: 104, name: 'CPU 1/KVM' },
    { id: 103, name: 'CPU 0/KVM' },
    { id: 113, name: 'CPU 10/KVM' },
  ];
  t.deepEqual(pinCommands([2, 5], threads), [
    ['taskset', '--pid', '--cpu-list', '2', '103'],
    ['taskset', '--pid', '--cpu-list', '5', '104'],
  ]);
  t.throws(() => pinCommands([2, 5, 6], threads), { code: 'NO_VCPU' });
});

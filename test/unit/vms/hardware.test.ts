import test from 'ava';
import { HUGE_PAGE_BYTES, type Hardware, hardwareRefusal, PLAIN_HARDWARE } from '../../../vms/hardware.ts';
import { mountsHugePages } from '../../../vms/hardware-facts.ts';

const ALL = { freeHugePages: 1024, hugePagesMounted: true, vhostNet: true };

function refusal(
  over: Partial<Hardware>,
  accelerator: 'kvm' | 'tcg' = 'kvm',
  facts: Partial<typeof ALL> = {},
  more: { readonly memoryBytes?: number; readonly byLibvirt?: boolean } = {},
) {
  return hardwareRefusal(
    { ...PLAIN_HARDWARE, ...over },
    accelerator,
    { ...ALL, ...facts },
    { byLibvirt: true, ...more },
  );
}

test('what guests are made of without a word can be had everywhere', (t) => {
  const nothing = { freeHugePages: 0, hugePagesMounted: false, vhostNet: false };
  t.is(refusal({}, 'kvm', nothing), undefined);
  t.is(refusal({}, 'tcg', nothing), undefined);
});

test('what an accelerator does not have is refused with what would do', (t) => {
  for (const over of [
    { machine: 'microvm' },
    { cpuModel: 'host' },
    { cpuModel: 'host-model' },
    { vhost: true },
  ] as const) {
    t.is(refusal(over, 'kvm'), undefined, JSON.stringify(over));
    t.is(refusal(over, 'tcg')?.code, 'OPTION_CONFLICT', JSON.stringify(over));
  }
  t.regex(refusal({ machine: 'microvm' }, 'tcg')?.reason ?? '', /whole CPU busy/);
});

test('choices that exclude each other are refused', (t) => {
  t.is(refusal({ machine: 'microvm', nic: 'e1000e' })?.code, 'OPTION_CONFLICT');
  t.is(refusal({ nic: 'e1000e', vhost: true })?.code, 'OPTION_CONFLICT');
  t.is(refusal({ nic: 'e1000e' }), undefined);
});

test('vhost-net must be there where it is asked for', (t) => {
  t.is(refusal({ vhost: true }, 'kvm', { vhostNet: false })?.hint, 'modprobe vhost_net');
});

test('huge pages are refused where the pool has too few for one guest', (t) => {
  const memoryBytes = 128 * HUGE_PAGE_BYTES;
  t.is(refusal({ hugePages: true }, 'tcg', { freeHugePages: 0 })?.code, 'NO_HUGE_PAGES');
  t.is(refusal({ hugePages: true }, 'tcg', { freeHugePages: 128 }, { memoryBytes }), undefined);
  const few = refusal({ hugePages: true }, 'tcg', { freeHugePages: 127 }, { memoryBytes });
  t.regex(few?.reason ?? '', /127 free pages of 2 MiB.* at least 128$/);
  t.regex(few?.hint ?? '', /vm\.nr_hugepages/);
  t.is(refusal({ hugePages: true }, 'tcg', {}, { memoryBytes: memoryBytes + 1 })?.code, 'OPTION_CONFLICT');
});

test('libvirt takes huge pages from a file system, QEMU alone does not', (t) => {
  const facts = { hugePagesMounted: false };
  t.regex(refusal({ hugePages: true }, 'kvm', facts)?.hint ?? '', /hugetlbfs.*restart libvirtd/);
  t.is(refusal({ hugePages: true }, 'kvm', facts, { byLibvirt: false }), undefined);
});

test('a hugetlbfs counts where its pages have 2 MiB', (t) => {
  const mount = (options: string) =>
    `30 23 0:27 / /dev/hugepages rw,relatime shared:14 - hugetlbfs hugetlbfs ${options}\n`;
  for (const options of ['rw', 'rw,pagesize=2M', 'rw,mode=1770,pagesize=2M,size=4096K'])
    t.true(mountsHugePages(mount(options)));
  t.false(mountsHugePages(mount('rw,pagesize=1024M')));
  t.false(mountsHugePages('24 28 0:22 / /proc rw - proc proc rw\n'));
});

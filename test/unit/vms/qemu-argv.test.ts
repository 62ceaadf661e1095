import test from 'ava';
import type { DomainSpec } from '../../../vms/domain-xml.ts';
import { type Hardware, PLAIN_HARDWARE } from '../../../vms/hardware.ts';
import { joined, qemuCommand, type QemuPlace } from '../../../vms/qemu-argv.ts';

const SPEC: DomainSpec = {
  name: 'tare-0a1b2c-qemu3',
  owner: { runId: 'run', tag: '0a1b2c', pid: 42, startTime: '99', bootId: 'boot' },
  accelerator: 'tcg',
  hardware: PLAIN_HARDWARE,
  memoryBytes: 512 * 2 ** 20,
  cpus: [2, 5],
  boot: { from: 'kernel', kernel: '/state/vmlinuz', initrd: '/state/initrd', commandLine: 'console=ttyS0 quiet' },
  overlay: '/state/overlay.qcow2',
  base: { path: '/state/base.raw', format: 'raw' },
  readOnlyDisks: [],
  firmwareEntries: {},
  translationCacheMib: 48,
  diskCache: 'none',
  network: { bridge: 'tare-0a1b2c', mac: '52:54:00:12:00:02' },
  pipes: { console: '/p/console', marks: '/p/marks', output: '/p/output' },
};

const PLACE: QemuPlace = {
  monitor: '/p/qmp.sock',
  agent: '/p/agent.sock',
  pidFile: '/p/qemu.pid',
  tap: 'tt0a1b2c3',
  confinement: ['-runas', 'nobody'],
};

function command(over: Partial<DomainSpec> = {}, hardware: Partial<Hardware> = {}, place: Partial<QemuPlace> = {}) {
  const argv = qemuCommand({ ...SPEC, ...over, hardware: { ...PLAIN_HARDWARE, ...hardware } }, { ...PLACE, ...place });
  const all = (option: string) => argv.flatMap((word, at) => (word === option ? [argv[at + 1] ?? ''] : []));
  const device = (driver: string) => all('-device').find((text) => text.split(',')[0] === driver);
  return { argv, all, one: (option: string) => all(option)[0], device };
}

test('every thread may run on the spec’s CPUs only, and there are as many virtual ones', (t) => {
  const { argv, one } = command();
  t.deepEqual(argv.slice(0, 6), ['taskset', '--cpu-list', '2,5', 'setpriv', '--no-new-privs', 'qemu-system-x86_64']);
  t.is(one('-smp'), '2,sockets=2,cores=1,threads=1');
  t.is(one('-name'), 'guest=tare-0a1b2c-qemu3,debug-threads=on');
});

test('it leaves the foreground, gives up root’s rights and ends with its guest', (t) => {
  const { argv, one } = command();
  t.is(argv.at(-1), '-daemonize');
  t.is(one('-pidfile'), '/p/qemu.pid');
  t.is(one('-runas'), 'nobody');
  t.regex(one('-sandbox') ?? '', /^on,obsolete=deny,.*resourcecontrol=deny$/);
  t.true(argv.includes('-no-reboot'));
  t.false(argv.includes('-no-shutdown'));
});

test('emulation is never KVM, and each has the CPU that it gives most of', (t) => {
  const tcg = command();
  t.is(tcg.one('-accel'), 'tcg,tb-size=48');
  t.is(tcg.one('-cpu'), 'max,la57=off');
  const kvm = command({ accelerator: 'kvm' });
  t.is(kvm.one('-accel'), 'kvm');
  t.is(kvm.one('-cpu'), 'host');
});

test('a chosen CPU model is the one that is given', (t) => {
  t.is(command({ accelerator: 'kvm' }, { cpuModel: 'max' }).one('-cpu'), 'max');
  t.is(command({}, { cpuModel: 'qemu64' }).one('-cpu'), 'qemu64');
  t.throws(() => command({}, { cpuModel: 'host-model' }), { code: 'CPU_MODEL' });
});

test('devices lie where libvirt’s domain has them', (t) => {
  const { device, all } = command();
  for (const [driver, slot] of [
    ['virtio-blk-pci', 3],
    ['virtio-serial-pci', 4],
    ['virtio-net-pci', 5],
    ['virtio-rng-pci', 6],
  ] as const) {
    t.regex(device(driver) ?? '', new RegExp(`^${driver},bus=pcie\\.0,addr=0x${slot}(?:,|$)`));
  }
  t.is(all('-device').length, 8, 'and nothing beside them but the serial line and three ports');
});

test('the disk is a layer of the guest’s own above the shared one, cached as asked', (t) => {
  const layers = (diskCache: 'none' | 'writeback') =>
    command({ diskCache })
      .all('-blockdev')
      .map((text) => JSON.parse(text) as Record<string, unknown>);
  const [baseFile, base, ownFile, own] = layers('none');
  t.like(baseFile, { filename: '/state/base.raw', aio: 'native', cache: { direct: true } });
  t.like(base, { driver: 'raw', 'read-only': true });
  t.like(ownFile, { filename: '/state/overlay.qcow2', aio: 'native', cache: { direct: true } });
  t.like(own, { driver: 'qcow2', 'read-only': false, backing: 'base', discard: 'unmap' });
  for (const layer of layers('writeback')) {
    t.like(layer, { cache: { direct: false } });
    t.false('aio' in layer);
  }
});

test('further disks are read-only and go by their serial numbers', (t) => {
  const { all } = command({ readOnlyDisks: [{ path: '/tree.raw', serial: 'tree' }] });
  const disks = all('-device').filter((text) => text.startsWith('virtio-blk'));
  t.regex(disks[1] ?? '', /addr=0x7,.*serial=tree/);
  t.like(JSON.parse(all('-blockdev').at(-1) ?? ''), { driver: 'raw', 'read-only': true });
});

test('the console, the agent and every port have their channels, further ports after them', (t) => {
  const { all } = command({ ports: [{ name: 'tare.engine', path: '/p/engine' }] });
  t.deepEqual(all('-chardev'), [
    'socket,id=charmonitor,path=/p/qmp.sock,server=on,wait=off',
    'pipe,id=charserial0,path=/p/console',
    'socket,id=charchannel0,path=/p/agent.sock,server=on,wait=off',
    'pipe,id=charchannel1,path=/p/marks',
    'pipe,id=charchannel2,path=/p/output',
    'pipe,id=charchannel3,path=/p/engine',
  ]);
  const ports = all('-device').filter((text) => text.startsWith('virtserialport'));
  t.deepEqual(
    ports.map((text) => /nr=(\d),chardev=charchannel(\d),.*name=(.*)$/.exec(text)?.slice(1)),
    [
      ['1', '0', 'org.qemu.guest_agent.0'],
      ['2', '1', 'tare.marks'],
      ['3', '2', 'tare.output'],
      ['4', '3', 'tare.engine'],
    ],
  );
});

test('without a network there is no card, and a tap is taken as it is', (t) => {
  t.deepEqual(command({ network: null }, {}, { tap: null }).all('-netdev'), []);
  const { one, device } = command();
  t.is(one('-netdev'), 'tap,id=hostnet0,ifname=tt0a1b2c3,script=no,downscript=no,vhost=off');
  t.regex(device('virtio-net-pci') ?? '', /,mac=52:54:00:12:00:02,romfile=$/);
  t.regex(command({}, { vhost: true }).one('-netdev') ?? '', /,vhost=on$/);
  t.regex(command({}, { nic: 'e1000e' }).device('e1000e') ?? '', /^e1000e,bus=pcie\.0,addr=0x5,/);
});

test('memory is the spec’s, of ordinary pages or of the host’s pool of huge ones', (t) => {
  const plain = command();
  t.is(plain.one('-m'), '512');
  t.true(plain.all('-object').includes('memory-backend-ram,id=pc.ram,size=536870912'));
  const huge = command({}, { hugePages: true }).all('-object');
  t.true(
    huge.some((text) =>
      /^memory-backend-memfd,id=pc\.ram,size=536870912,.*hugetlb=on,hugetlbsize=2M,prealloc=on$/.test(text),
    ),
  );
});

test('disks have a thread of their own where one is asked for', (t) => {
  t.false(command().argv.some((word) => word.includes('iothread')));
  const { all, device } = command({}, { iothreads: 1 });
  t.true(all('-object').includes('iothread,id=iothread1'));
  t.regex(device('virtio-blk-pci') ?? '', /,iothread=iothread1$/);
});

test('the older machine has its devices on a PCI bus', (t) => {
  const { one, device } = command({}, { machine: 'pc' });
  t.regex(one('-machine') ?? '', /^pc,/);
  t.regex(device('virtio-blk-pci') ?? '', /,bus=pci\.0,addr=0x3,/);
});

test('a microvm has no bus at all, and a power button', (t) => {
  const { argv, one, all, device } = command({ accelerator: 'kvm' }, { machine: 'microvm' });
  t.regex(one('-machine') ?? '', /^microvm,acpi=on,/);
  t.false(argv.some((word) => /pci|addr=|romfile/.test(word)));
  t.deepEqual(
    all('-device').map((text) => text.split(',')[0]),
    [
      ...['virtio-serial-device', 'virtio-blk-device', 'virtio-net-device', 'isa-serial'],
      ...['virtserialport', 'virtserialport', 'virtserialport', 'virtio-rng-device'],
    ],
  );
  t.is(one('-global'), 'virtio-mmio.force-legacy=false');
  t.is(device('isa-serial'), 'isa-serial,chardev=charserial0,id=serial0,index=0');
});

test('text from outside stays text', (t) => {
  t.is(joined('socket', { path: '/a,b=c', left: undefined }), 'socket,path=/a,,b=c');
  const { one } = command({ firmwareEntries: { 'opt/tare/entry': 'a,b' } });
  t.is(one('-fw_cfg'), 'name=opt/tare/entry,string=a,,b');
  t.is(
    command({ boot: { from: 'kernel', kernel: '/k', initrd: '/i', commandLine: 'a,b "c"' } }).one('-append'),
    'a,b "c"',
  );
});

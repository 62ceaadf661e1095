import { DOMParser } from '@xmldom/xmldom';
import test from 'ava';
import { type DomainSpec, domainXml, OWNER_NAMESPACE, readLiveDomain, readOwnerTag } from '../../../vms/domain-xml.ts';
import { type Hardware, PLAIN_HARDWARE } from '../../../vms/hardware.ts';

const SPEC: DomainSpec = {
  name: 'tare-0a1b2c-vm3',
  owner: { runId: 'run', tag: '0a1b2c', pid: 42, startTime: '99', bootId: 'boot' },
  accelerator: 'tcg',
  hardware: PLAIN_HARDWARE,
  memoryBytes: 512 * 2 ** 20,
  cpus: [2, 5],
  boot: { from: 'kernel', kernel: '/state/vmlinuz', initrd: '/state/initrd', commandLine: 'console=ttyS0' },
  overlay: '/state/overlay.qcow2',
  base: { path: '/state/base.raw', format: 'raw' },
  readOnlyDisks: [],
  firmwareEntries: {},
  translationCacheMib: 48,
  diskCache: 'none',
  network: { bridge: 'tare-0a1b2c', mac: '52:54:00:12:00:02' },
  pipes: { console: '/p/console', marks: '/p/marks', output: '/p/output' },
};

function parse(xml: string) {
  const root = new DOMParser().parseFromString(xml, 'text/xml').documentElement;
  if (!root) throw new Error('no root');
  const all = (name: string) => [...root.getElementsByTagName(name)];
  return { root, all, one: (name: string) => all(name)[0] };
}

test('one vCPU is pinned to each CPU of the set, and the emulator to the set', (t) => {
  const { all, one } = parse(domainXml(SPEC));
  t.is(one('vcpu')?.textContent, '2');
  t.deepEqual(
    all('vcpupin').map((pin) => [pin.getAttribute('vcpu'), pin.getAttribute('cpuset')]),
    [
      ['0', '2'],
      ['1', '5'],
    ],
  );
  t.is(one('emulatorpin')?.getAttribute('cpuset'), '2,5');
});

test('emulation is never declared as KVM, and KVM passes the host CPU through', (t) => {
  const tcg = parse(domainXml(SPEC));
  t.is(tcg.root.getAttribute('type'), 'qemu');
  t.is(tcg.one('tb-cache')?.textContent, '48');
  const kvm = parse(domainXml({ ...SPEC, accelerator: 'kvm' }));
  t.is(kvm.root.getAttribute('type'), 'kvm');
  t.is(kvm.one('cpu')?.getAttribute('mode'), 'host-passthrough');
  t.is(kvm.one('tb-cache'), undefined);
});

test('an emulated CPU has all that the emulator can, a real one all that the host has', (t) => {
  const mode = (accelerator: 'tcg' | 'kvm') =>
    parse(domainXml({ ...SPEC, accelerator }))
      .one('cpu')
      ?.getAttribute('mode');
  t.is(mode('tcg'), 'maximum');
  t.is(mode('kvm'), 'host-passthrough');
});

test('native I/O goes with the cache mode that allows it', (t) => {
  const driver = (diskCache: 'none' | 'writeback') => parse(domainXml({ ...SPEC, diskCache })).one('driver');
  t.is(driver('none')?.getAttribute('io'), 'native');
  t.is(driver('writeback')?.getAttribute('cache'), 'writeback');
  t.is(driver('writeback')?.getAttribute('io'), null);
});

test('the shared base is the backing store and keeps its owner', (t) => {
  const { one } = parse(domainXml(SPEC));
  const backing = one('backingStore');
  t.is(backing?.getElementsByTagName('source')[0]?.getAttribute('file'), '/state/base.raw');
  t.is(backing?.getElementsByTagName('seclabel')[0]?.getAttribute('relabel'), 'no');
});

test('a guest that boots from its disk is given no kernel, and further disks only to read', (t) => {
  const { one, all } = parse(
    domainXml({
      ...SPEC,
      boot: { from: 'disk' },
      readOnlyDisks: [
        { path: '/seed.iso', serial: 'seed' },
        { path: '/tree.raw', serial: 'tree' },
      ],
    }),
  );
  t.is(one('kernel'), undefined);
  t.is(one('boot')?.getAttribute('dev'), 'hd');
  const disks = all('disk').slice(1);
  t.deepEqual(
    disks.map((disk) => disk.getElementsByTagName('target')[0]?.getAttribute('dev')),
    ['vdb', 'vdc'],
  );
  t.true(disks.every((disk) => disk.getElementsByTagName('readonly').length === 1));
  t.deepEqual(
    disks.map((disk) => disk.getElementsByTagName('serial')[0]?.textContent),
    ['seed', 'tree'],
  );
});

test('UEFI is two flash chips: code that nobody writes to, and variables of the guest alone', (t) => {
  const flash = { code: '/fw/CODE.fd', template: '/fw/VARS.fd', variables: '/state/variables.fd' };
  const { one, all } = parse(domainXml({ ...SPEC, boot: { from: 'disk', flash } }));
  const loader = one('loader');
  t.is(loader?.textContent, flash.code);
  t.deepEqual(
    ['readonly', 'secure', 'type'].map((name) => loader?.getAttribute(name)),
    ['yes', 'no', 'pflash'],
  );
  t.is(one('nvram')?.getAttribute('template'), flash.template);
  t.is(one('nvram')?.textContent, flash.variables);
  t.is(one('boot')?.getAttribute('dev'), 'hd');
  const bios = parse(domainXml({ ...SPEC, boot: { from: 'disk' } }));
  t.is(bios.one('loader') ?? bios.one('nvram'), undefined);
  t.is(all('disk').length, bios.all('disk').length, 'the chips are no disks');
});

test('without a network there is no interface; graphics, USB and balloon are never there', (t) => {
  const { one, all } = parse(domainXml({ ...SPEC, network: null }));
  t.is(one('interface'), undefined);
  t.is(one('graphics'), undefined);
  t.is(one('memballoon')?.getAttribute('model'), 'none');
  t.true(
    all('controller').some((item) => item.getAttribute('type') === 'usb' && item.getAttribute('model') === 'none'),
  );
});

test('further ports follow those that every guest has', (t) => {
  const { all } = parse(domainXml({ ...SPEC, ports: [{ name: 'tare.engine', path: '/p/engine' }] }));
  const channels = all('channel').map((channel) => [
    channel.getElementsByTagName('target')[0]?.getAttribute('name'),
    channel.getElementsByTagName('source')[0]?.getAttribute('path'),
  ]);
  t.deepEqual(channels.slice(1), [
    ['tare.marks', '/p/marks'],
    ['tare.output', '/p/output'],
    ['tare.engine', '/p/engine'],
  ]);
});

test('every end of the guest ends the domain', (t) => {
  const { one } = parse(domainXml(SPEC));
  for (const event of ['on_poweroff', 'on_reboot', 'on_crash']) t.is(one(event)?.textContent, 'destroy');
});

test('text from outside stays text', (t) => {
  const commandLine = `a="<b>&'c' ]]>`;
  const { one } = parse(
    domainXml({
      ...SPEC,
      boot: { from: 'kernel', kernel: '/k', initrd: '/i', commandLine },
      overlay: `/x"&<y>`,
      firmwareEntries: { 'opt/tare/entry': commandLine },
    }),
  );
  t.is(one('cmdline')?.textContent, commandLine);
  t.is(one('entry')?.textContent, commandLine);
  t.is(one('source')?.getAttribute('file'), `/x"&<y>`);
});

test('the owner can be read back from the metadata', (t) => {
  const { one } = parse(domainXml(SPEC));
  t.is(one('tare:owner')?.namespaceURI, OWNER_NAMESPACE);
  t.is(one('tare:owner')?.getAttribute('startTime'), '99');
  // As `virsh metadata` prints it: without the prefix.
  t.is(readOwnerTag(`<owner tag="0a1b2c" runId="run"/>\n`), '0a1b2c');
  t.is(readOwnerTag('<other/>'), null);
});

test('a live domain is read, and what is no XML is refused', (t) => {
  t.deepEqual(readLiveDomain(domainXml(SPEC)), { type: 'qemu', vcpus: 2, diskCache: 'none' });
  t.throws(() => readLiveDomain('<domain'), { code: 'DOMAIN_XML' });
  t.throws(() => readLiveDomain(''), { code: 'DOMAIN_XML' });
});

function withHardware(hardware: Partial<Hardware>, over: Partial<DomainSpec> = {}) {
  return parse(domainXml({ ...SPEC, ...over, hardware: { ...PLAIN_HARDWARE, ...hardware } }));
}

test('the machine and the CPU model are those that were chosen', (t) => {
  t.is(parse(domainXml(SPEC)).one('type')?.getAttribute('machine'), 'q35');
  t.is(withHardware({ machine: 'pc' }).one('type')?.getAttribute('machine'), 'pc');
  const mode = (cpuModel: Hardware['cpuModel']) =>
    withHardware({ cpuModel }, { accelerator: 'kvm' }).one('cpu')?.getAttribute('mode');
  t.deepEqual((['host', 'max', 'host-model'] as const).map(mode), ['host-passthrough', 'maximum', 'host-model']);
  const { one } = withHardware({ cpuModel: 'qemu64' });
  t.is(one('cpu')?.getAttribute('mode'), 'custom');
  t.is(one('model')?.textContent, 'qemu64');
});

test('a thread of the disk’s own is pinned as the emulator is', (t) => {
  t.is(parse(domainXml(SPEC)).one('iothreads'), undefined);
  const { one } = withHardware({ iothreads: 1 });
  t.is(one('iothreads')?.textContent, '1');
  t.is(one('iothreadpin')?.getAttribute('cpuset'), one('emulatorpin')?.getAttribute('cpuset'));
  t.is(one('driver')?.getAttribute('iothread'), '1');
});

test('huge pages are asked for only where they were chosen', (t) => {
  t.is(parse(domainXml(SPEC)).one('memoryBacking'), undefined);
  const { one } = withHardware({ hugePages: true });
  t.deepEqual([one('page')?.getAttribute('size'), one('page')?.getAttribute('unit')], ['2048', 'KiB']);
});

test('who moves packets is always said, and an emulated card has no choice', (t) => {
  const link = (hardware: Partial<Hardware>) => {
    const element = withHardware(hardware).one('interface');
    const of = (name: string) => element?.getElementsByTagName(name)[0];
    return [of('model')?.getAttribute('type'), of('driver')?.getAttribute('name')];
  };
  t.deepEqual(link({}), ['virtio', 'qemu']);
  t.deepEqual(link({ vhost: true }), ['virtio', 'vhost']);
  t.deepEqual(link({ nic: 'e1000e' }), ['e1000e', undefined]);
});

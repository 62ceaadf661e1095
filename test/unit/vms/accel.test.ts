import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type AcceleratorFacts, accelerators, kvmRefusal } from '../../../vms/accel.ts';

const USABLE: AcceleratorFacts = {
  cpuFeature: 'svm',
  nested: false,
  modules: ['kvm', 'kvm_amd'],
  device: 'opens',
  inContainer: false,
};

test('KVM is usable where the CPU has it and the device opens', (t) => {
  t.is(kvmRefusal(USABLE), undefined);
  t.is(kvmRefusal({ ...USABLE, nested: true }), undefined);
});

test('each way in which KVM can be missing has its own reason and advice', (t) => {
  const code = (over: Partial<AcceleratorFacts>) => kvmRefusal({ ...USABLE, ...over })?.code;
  t.is(code({ cpuFeature: null, device: 'ENOENT', modules: [] }), 'NO_KVM_CPU');
  t.is(code({ device: 'ENOENT', modules: ['kvm'] }), 'NO_KVM_MODULE');
  t.is(code({ device: 'EACCES' }), 'NO_KVM_PERMISSION');
  t.is(code({ device: 'ENOENT' }), 'NO_KVM_DEVICE');
  t.regex(kvmRefusal({ ...USABLE, device: 'EPERM', inContainer: true })?.hint ?? '', /--device \/dev\/kvm/);
  t.regex(
    kvmRefusal({ ...USABLE, cpuFeature: 'vmx', device: 'ENOENT', modules: [] })?.hint ?? '',
    /modprobe kvm_intel/,
  );
});

test('a device that opens without a CPU that virtualises is not taken for KVM', (t) => {
  const refusal = kvmRefusal({ ...USABLE, cpuFeature: null, modules: ['kvm', 'kvm_pvm'] });
  t.is(refusal?.code, 'NO_KVM_CPU');
  t.regex(refusal?.reason ?? '', /although \/dev\/kvm opens \(kvm, kvm_pvm\)/);
});

test('the facts are read from the host', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'accel-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const folder of ['proc/2', 'sys/module/kvm', 'sys/module/kvm_intel', 'sys/module/kvmalloc', 'dev']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  writeFileSync(join(root, 'proc/cpuinfo'), 'processor\t: 0\nflags\t\t: fpu vmx hypervisor avx\n');
  writeFileSync(join(root, 'proc/2/comm'), 'kthreadd\n');
  writeFileSync(join(root, '.dockerenv'), '');
  const facts = {
    cpuFeature: 'vmx',
    nested: true,
    modules: ['kvm', 'kvm_intel'],
    device: 'ENOENT',
    inContainer: false,
  };
  t.deepEqual({ ...accelerators(root), modules: accelerators(root).modules.toSorted() }, facts as AcceleratorFacts);
  writeFileSync(join(root, 'proc/2/comm'), 'sh\n');
  writeFileSync(join(root, 'dev/kvm'), '');
  t.is(accelerators(root).inContainer, true);
  t.is(accelerators(root).device, 'opens');
  t.is(accelerators(join(root, 'nowhere')).cpuFeature, null);
});

import test from 'ava';
import { judgeKvm } from '../../../bench/cli/doctor/kvm.ts';
import { renderExamination } from '../../../bench/cli/doctor/render.ts';
import type { Examination } from '../../../bench/cli/doctor/examine.ts';
import type { Support } from '../../../bench/model/runner.ts';
import type { AcceleratorFacts } from '../../../vms/accel.ts';

const INTEL: AcceleratorFacts = { device: 'ENOENT', cpuFeature: 'vmx', modules: [], nested: false, inContainer: false };

/** Ways in which KVM can be there or not, and words that only its answer has. */
const WAYS: readonly (readonly [
  way: string,
  facts: Partial<AcceleratorFacts>,
  found: RegExp,
  advice: RegExp | null,
])[] = [
  ['it works on hardware', { device: 'opens' }, /opens \(vmx\)$/, null],
  ['it works in a virtual machine', { device: 'opens', nested: true }, /nested/, null],
  [
    'the CPU cannot, or its firmware forbids it',
    { cpuFeature: null },
    /neither vmx nor svm: VMs run emulated$/,
    /firmware/,
  ],
  ['the outer hypervisor offers none', { cpuFeature: null, nested: true }, /emulated$/, /nested virtualisation/],
  ['the module is not loaded', {}, /kvm_intel is not loaded/, /^modprobe kvm_intel$/],
  ['a container without the device', { modules: ['kvm_intel'], inContainer: true }, /container/, /--device/],
  ['the user may not', { device: 'EACCES' }, /permission/, /root/],
];

for (const [way, facts, found, advice] of WAYS) {
  test(`KVM: ${way}`, (t) => {
    const finding = judgeKvm({ ...INTEL, ...facts });
    t.regex(finding.found, found);
    t.is(finding.status, advice === null ? 'ok' : 'warn');
    if (advice) t.regex(finding.advice ?? '', advice);
    else t.is(finding.advice, null);
  });
}

test('KVM: a device that libvirt’s own user cannot open keeps guests from it, and slows every one of them', (t) => {
  const finding = judgeKvm({ ...INTEL, device: 'opens' }, '64055');
  t.regex(finding.found, /^libvirt's user 64055 has no permission for \/dev\/kvm: VMs run emulated, and .* a minute/);
  t.regex(finding.advice ?? '', /^chgrp kvm \/dev\/kvm && chmod 660 \/dev\/kvm/);
  t.regex(
    judgeKvm({ ...INTEL, cpuFeature: null }, '64055').found,
    /^the CPU shows neither vmx nor svm; libvirt's user/,
  );
});

function supported(as: string, title: string, accelerator: 'none' | 'tcg'): Support {
  const capabilities = { isolation: 'vm', accelerator, marks: ['launched', 'api'], designed: [] } as const;
  return { ok: true, as, title, capabilities, versions: { qemu: '7.2' } };
}

const EXAMINATION: Examination = {
  schema: 'tare-doctor-1',
  ok: true,
  runners: [
    { id: 'native', support: supported('native', 'no box', 'none') },
    { id: 'kvm-direct', support: supported('tcg-direct', 'QEMU TCG (emulated, not KVM)', 'tcg') },
    { id: 'docker', support: { ok: false, code: 'SERVICE_DOWN', reason: 'no \u001b[31manswer', hint: 'start it' } },
  ],
  checks: [
    { id: 'kernel', title: 'kernel', status: 'ok', found: '6.1', advice: null },
    { id: 'space', title: 'disk space', status: 'missing', found: '1 GiB free', advice: 'free some' },
  ],
  host: {
    ...{
      kernel: '6.1',
      distribution: 'Debian',
      cpuModel: null,
      cpus: 2,
      memoryBytes: 1,
      cgroup: 'v2',
      init: 'systemd',
    },
    ...{ virtualised: false, kvm: false, governor: null, smt: null, stateFileSystem: 'ext4' },
  },
};

test('the table says how many runners can run, and what to do about the others', (t) => {
  const text = renderExamination(EXAMINATION, { color: false });
  t.regex(text, /^2 of 3 runners can run here$/m);
  t.regex(text, /missing {2}docker .*\n +→ start it$/m);
  t.regex(text, /missing {2}disk space +1 GiB free\n +→ free some$/m);
  t.regex(text, /^ {2}ok {7}kernel +6\.1$/m);
});

test('emulation is a warning under its own name', (t) => {
  const text = renderExamination(EXAMINATION, { color: false });
  t.regex(text, /warn +kvm-direct as tcg-direct +QEMU TCG \(emulated, not KVM\), qemu 7\.2$/m);
});

test('colour comes only where it is asked for, and what the host says never drives the terminal', (t) => {
  t.false(renderExamination(EXAMINATION, { color: false }).includes('\u001b'));
  const colored = renderExamination(EXAMINATION, { color: true });
  t.true(colored.includes('\u001b[32mok'));
  t.false(colored.includes('\u001b[31manswer'));
});

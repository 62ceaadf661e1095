import test from 'ava';
import { configText } from '../../../../runners/boxes-in-kvm/config.ts';
import { hostCpus, readCpus, readDescription } from '../../../../runners/boxes-in-kvm/description.ts';
import { fakeSpec } from '../../../helpers/fakes.ts';

const BOX = { name: 'tare-0a1b2c-rin-box3', slot: 2, entry: ['--ready', 'none', '--', '/bin/true'], tag: '0a1b2c' };

test('the configuration has one port of the guest for the marks, and lets the container open it', (t) => {
  const spec = { ...fakeSpec(), cpus: [2, 3] };
  const { text, cpus } = configText(spec, BOX);
  const { linux, mounts, process, root } = JSON.parse(text) as {
    readonly linux: {
      readonly cgroupsPath: string;
      readonly resources: {
        readonly devices: readonly object[];
        readonly memory: object;
        readonly cpu: { readonly cpus: string };
      };
      readonly seccomp: object;
    };
    readonly mounts: readonly { readonly destination: string; readonly source: string }[];
    readonly process: { readonly args: readonly string[]; readonly rlimits?: unknown };
    readonly root: { readonly path: string };
  };
  t.is(cpus, '0,1', 'the CPUs of the guest, not of the host');
  t.is(linux.resources.cpu.cpus, '0,1');
  t.deepEqual(linux.resources.memory, { limit: spec.memoryBytes, swap: spec.memoryBytes, disableOOMKiller: false });
  const port = { major: 4_294_967_290, minor: 4_294_967_291 };
  t.deepEqual(linux.resources.devices.at(-1), { type: 'c', access: 'rw', allow: true, ...port });
  t.is(linux.cgroupsPath, 'system.slice:tare-0a1b2c:rin-box3');
  t.truthy(linux.seccomp);
  const ours = mounts.filter(({ destination }) => destination.startsWith('/tare/'));
  t.deepEqual(
    ours.map(({ destination, source }) => [destination, source]),
    [['/tare/marks', '/dev/virtio-ports/tare.box2']],
  );
  t.is(process.args[0], '/tare/probe');
  t.is(process.rlimits, undefined, 'limits of an engine on the host are nothing to a guest');
  t.is(root.path, '/srv/boxes/tare-0a1b2c-rin-box3/rootfs');
});

test('what comes from a guest is read strictly', (t) => {
  const text =
    'memory 268435456\nswap 0\nseccomp\t2\ncapabilities\t00000000a80425fb\napparmor docker-default (enforce)\n';
  t.deepEqual(readDescription(text), {
    ...{ memoryBytes: 268_435_456, swapBytes: 0, seccomp: 2, capabilities: '00000000a80425fb' },
    apparmor: 'docker-default',
  });
  const nothing = { memoryBytes: null, swapBytes: null, seccomp: null, capabilities: null, apparmor: null };
  t.deepEqual(readDescription('memory max\nswap -1\nseccomp 7\ncapabilities zz\napparmor \u001b[2J\n'), nothing);
  t.deepEqual(readDescription(''), nothing);
});

test('the CPUs of a container are those that the guest has for it', (t) => {
  t.deepEqual(hostCpus(readCpus('cpus 0-1\n'), [4, 6]), [4, 6]);
  t.deepEqual(hostCpus(readCpus('cpus 1\n'), [4, 6]), [6]);
  t.is(hostCpus(readCpus('cpus 0-3\n'), [4, 6]), null, 'a CPU that the guest does not have');
  for (const text of ['', 'cpus \n', 'cpus 0-99999999\n', 'cpus all\n']) t.is(readCpus(text), null);
});

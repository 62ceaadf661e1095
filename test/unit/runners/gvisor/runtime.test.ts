import test from 'ava';
import { ociConfig } from '../../../../runners/oci/config.ts';
import { GVISOR, invocationOf } from '../../../../runners/gvisor/runtime.ts';
import { fakeSpec } from '../../../helpers/fakes.ts';
import { CONTAINER } from '../../../helpers/oci.ts';

const CGROUPFS = { version: 1, systemd: false } as const;
const OLD = '0.0~20221219.0';
const NEW = 'release-20240807.0';

test('the host’s FIFOs may be opened, writes go to disk, and the platform is the version’s own', (t) => {
  const { options, execOptions } = invocationOf(NEW, 'default', CGROUPFS);
  t.deepEqual(options, ['--host-fifo=open', '--network=sandbox', '--net-raw', '--overlay2=none']);
  t.deepEqual(execOptions, ['--net-raw']);
});

test('a platform that was chosen is asked for, and systemd where cgroups are its own', (t) => {
  t.true(invocationOf(NEW, 'ptrace', CGROUPFS).options.includes('--platform=ptrace'));
  t.true(invocationOf(NEW, 'default', { version: 2, systemd: true }).options.includes('--systemd-cgroup'));
});

test('what makes old versions take a namespace for the host’s is covered, in that namespace and for them alone', (t) => {
  const [program, ...words] = invocationOf(OLD, 'default', CGROUPFS).under?.('/run/netns/x') ?? [];
  t.is(program, 'unshare');
  t.regex(words.join(' '), /--mount .*nsenter --net="\$0" mount .* \/proc\/sys\/net\/core .* \/run\/netns\/x$/);
  t.is(invocationOf(NEW, 'default', CGROUPFS).under, undefined);
});

test('the configuration says nothing that gVisor would not apply, and is otherwise as runc’s', (t) => {
  const config = ociConfig(fakeSpec(), { ...CONTAINER, apparmorProfile: 'docker-default' });
  const adapted = JSON.parse(JSON.stringify(GVISOR.adapt?.(config)));
  t.false('seccomp' in adapted.linux || 'apparmorProfile' in adapted.process);
  const { seccomp: _seccomp, ...linux } = config.linux;
  t.deepEqual(adapted.linux, JSON.parse(JSON.stringify(linux)));
  t.deepEqual(adapted.process.capabilities, JSON.parse(JSON.stringify(config.process.capabilities)));
});

for (const said of [
  'executing processes for container: executing command "/no/such" in sandbox: failed to load /no/such: no such file',
  'executing processes for container: cannot execute in container "x" in state stopped',
  'loading sandbox: file does not exist',
  'FATAL ERROR: loading container: file does not exist',
]) {
  test(`told from what a program says: ${said}`, (t) => {
    t.regex(`${said}\n`, GVISOR.notRun);
  });
}

test('a program that ran and was cut off with its sandbox was run', (t) => {
  const said =
    'waiting on pid 28: waiting on PID 28 in sandbox "x": urpc method "containerManager.WaitPID" failed: EOF';
  t.notRegex(said, GVISOR.notRun);
});

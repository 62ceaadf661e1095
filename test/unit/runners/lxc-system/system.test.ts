import test from 'ava';
import { MASKED } from '../../../../bench/image/system/layer.ts';
import { systemLines } from '../../../../runners/lxc-system/config.ts';
import { containerLayer, LXC_SYSTEM_INSIDE } from '../../../../runners/lxc-system/layer.ts';
import { containerUnit, execStart } from '../../../../runners/lxc-system/unit.ts';
import { ownLayer } from '../../../../vms/system/recipe.ts';

const ID = '0123456789abcdef0123456789abcdef';
const UUID = '01234567-89ab-cdef-0123-456789abcdef';
const HOST = { hasProfile: false, cgroupVersion: 1 } as const;

test('a command comes through a unit file word by word, whatever is in it', (t) => {
  t.is(execStart(['/tare/probe', '--ready', 'none']), ':/tare/probe "--ready" "none"');
  t.is(execStart(['/p', '', 'a b', "it's", ';']), `:/p "" "a b" "it's" ";"`);
  t.is(execStart(['/p', '%n', '$HOME', 'a"b', 'a\\b']), ':/p "%%n" "$HOME" "a\\"b" "a\\\\b"');
  t.is(execStart(['/p', 'a\nb', '\t', 'é']), ':/p "a\\x0ab" "\\x09" "é"');
});

test('no command can add a line to its unit', (t) => {
  const plain = containerUnit(['/tare/probe', 'x']).split('\n').length;
  t.is(containerUnit(['/tare/probe', 'x\n[Service]\nExecStartPre=/bin/evil\n']).split('\n').length, plain);
});

test('the workload is ordered and limited as in a guest’s system', (t) => {
  const guest = ownLayer(UUID).files['/etc/systemd/system/tare-workload.service'] ?? '';
  const own = containerUnit(['/tare/probe']);
  // But for who starts it, where the output goes, and the address, which LXC itself sets.
  const shared = (text: string) => text.split('\n').filter((line) => !/^(?:ExecStart|Standard\w+|Wants)=/.test(line));
  t.deepEqual(shared(own), shared(guest));
  t.regex(own, /^StandardOutput=append:\/usr\/lib\/tare\/output$/m);
});

test('the same units are off as in a guest’s system, and the one more terminal of containers', (t) => {
  const off = (links: Readonly<Record<string, string>>) =>
    Object.keys(links).filter((path) => links[path] === '/dev/null');
  const guest = off(ownLayer(UUID).links);
  const own = off(containerLayer(ID).links);
  t.is(guest.length, MASKED.length);
  t.deepEqual(
    own.filter((path) => !guest.includes(path)),
    ['/etc/systemd/system/console-getty.service'],
  );
});

test('every file that an instance has mounted over is in the tree', (t) => {
  const { files } = containerLayer(ID);
  const targets = systemLines({ output: '/state/output.log' }, '/state/workload.service', HOST)
    .filter((line) => line.startsWith('lxc.mount.entry'))
    .map((line) => `/${line.split(' ')[3]}`);
  t.deepEqual(targets.toSorted(), [LXC_SYSTEM_INSIDE.unit, LXC_SYSTEM_INSIDE.output].toSorted());
  for (const path of targets) t.true(path in files, path);
});

test('the machine id is there before the first boot, in the form that systemd takes', (t) => {
  t.is(containerLayer(ID).files['/usr/lib/tare/machine-id'], `${ID}\n`);
});

test('a system is confined by what LXC has for systems, where it is loaded', (t) => {
  const lines = (hasProfile: boolean) => systemLines({ output: '/o' }, '/u', { ...HOST, hasProfile });
  t.true(lines(true).includes('lxc.apparmor.profile = lxc-container-default-with-nesting'));
  t.true(lines(false).includes('lxc.apparmor.profile = unconfined'));
  t.true(lines(false).includes('lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp'));
  t.false(lines(false).some((line) => line.startsWith('lxc.cap.keep')));
});

test('cgroups of version 2 are mounted for it, where the profile forbids it to do so', (t) => {
  const mounts = (cgroupVersion: 1 | 2) =>
    systemLines({ output: '/o' }, '/u', { hasProfile: true, cgroupVersion }).filter((line) =>
      line.includes('mount.auto'),
    );
  t.deepEqual(mounts(1), ['lxc.mount.auto = proc:mixed sys:mixed']);
  t.deepEqual(mounts(2), ['lxc.mount.auto = proc:mixed sys:mixed cgroup:rw:force']);
});

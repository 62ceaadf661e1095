import test from 'ava';
import { becoming, emulatorUserIn, parseQemuVersion } from '../../../vms/qemu-program.ts';

test('the version is what stands first, without the packager’s', (t) => {
  t.is(parseQemuVersion('QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright\n'), '7.2.22');
  t.is(parseQemuVersion('QEMU emulator version 10.0.50\n'), '10.0.50');
  t.throws(() => parseQemuVersion('qemu: no'), { code: 'QEMU_VERSION' });
});

test('rights are given up by the option that this QEMU has', (t) => {
  const old =
    '-daemonize      daemonize QEMU after initializing\n-runas user     change to user id user just before starting the VM\n';
  t.deepEqual(becoming('nobody', old), ['-runas', 'nobody']);
  const between = '-run-with [async-teardown=on|off][,chroot=dir]\n-runas user\n';
  t.deepEqual(becoming('nobody', between), ['-runas', 'nobody']);
  const recent = '-run-with [async-teardown=on|off][,chroot=dir][user=username|uid:gid]\n';
  t.deepEqual(becoming('qemu', recent), ['-run-with', 'user=qemu']);
});

test('an emulator becomes libvirt’s user for it, or nobody', (t) => {
  const passwd = 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n';
  t.is(emulatorUserIn(passwd), 'nobody');
  t.is(emulatorUserIn(`${passwd}libvirt-qemu:x:64055:108::/var/lib/libvirt:/usr/sbin/nologin\n`), 'libvirt-qemu');
  t.is(emulatorUserIn(`${passwd}qemu:x:107:107::/:/sbin/nologin\n`), 'qemu');
});

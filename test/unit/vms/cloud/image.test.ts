import test from 'ava';
import { judgeInfo } from '../../../../vms/cloud/image.ts';

/** As `qemu-img info --output=json` of QEMU 7.2 prints it. */
const INFO = {
  'virtual-size': 2_147_483_648,
  filename: 'debian-12-genericcloud-amd64.qcow2',
  'cluster-size': 65_536,
  format: 'qcow2',
  'actual-size': 345_374_720,
  'format-specific': {
    type: 'qcow2',
    data: { compat: '1.1', 'compression-type': 'zlib', 'lazy-refcounts': false, 'refcount-bits': 16, corrupt: false },
  },
  'dirty-flag': false,
};

const judge = (over: object) => judgeInfo(JSON.stringify({ ...INFO, ...over }), 'x.qcow2');

test('a plain qcow2 image is taken, with the size of its disk', (t) => {
  t.is(judge({}), 2_147_483_648);
});

test('what leads to another file of the host, or is no qcow2, is refused', (t) => {
  const refused = { code: 'VM_IMAGE' };
  t.throws(() => judge({ 'backing-filename': '/etc/shadow', 'full-backing-filename': '/etc/shadow' }), refused);
  t.throws(() => judge({ 'format-specific': { type: 'qcow2', data: { 'data-file': '/dev/sda' } } }), refused);
  t.throws(() => judge({ format: 'vmdk' }), refused);
  t.throws(() => judge({ encrypted: true }), refused);
  t.throws(() => judge({ 'virtual-size': 2 ** 50 }), refused);
  t.throws(() => judgeInfo('[]', 'x.qcow2'), refused);
  t.throws(() => judgeInfo('', 'x.qcow2'), refused);
});

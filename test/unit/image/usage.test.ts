import test from 'ava';
import { assess, fileSystemTypes } from '../../../bench/image/usage.ts';

const MOUNTINFO = `23 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw
28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 28 254:2 / /srv\\040data rw - xfs /dev/vda2 rw,attr2
41 28 0:35 /@ /home rw shared:5 master:2 - btrfs /dev/vdb rw
`;

test('file system types are read by device, with and without optional fields', (t) => {
  const types = fileSystemTypes(MOUNTINFO);
  t.is(types.get('254:1'), 'ext4');
  t.is(types.get('254:2'), 'xfs');
  t.is(types.get('0:35'), 'btrfs');
  t.is(types.size, 4);
});

test('only ext4 and xfs are assessable, and the others come with a reason', (t) => {
  t.true(assess('ext4').ok);
  t.true(assess('xfs').ok);
  for (const type of ['ext3', 'btrfs', 'zfs', 'tmpfs', 'overlay', 'unknown']) {
    const answer = assess(type);
    t.false(answer.ok);
    t.regex(answer.ok ? '' : answer.reason, new RegExp(`not on ${type}$`));
  }
});

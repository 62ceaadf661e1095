import test from 'ava';
import { fstab, type MountOptions, type PathKind } from '../../../../runners/namespace/mounts.ts';

const NAME = 'tare-a1b2c3-namespace-7';

const OPTIONS: MountOptions = {
  paths: { upper: '/i/upper', work: '/i/work', rootfs: '/i/rootfs', marks: '/i/marks', commands: '/i/commands' },
  tree: '/images/tree',
  cgroupVersion: 1,
  cgroupFolders: [`/sys/fs/cgroup/cpu,cpuacct/${NAME}`, `/elsewhere/memory/${NAME}`],
};

const kinds: Readonly<Record<string, PathKind>> = {
  '/proc/kcore': 'file',
  '/proc/acpi': 'folder',
  '/proc/sys': 'folder',
};

function mountsOf(options: Partial<MountOptions> = {}) {
  const lines = fstab({ ...OPTIONS, ...options }, (path) => kinds[path]).split('\n');
  return lines.slice(0, -1).map((line) => {
    const [source, target, type, words, ...rest] = line.split(' ');
    return { source, target, type, options: words?.split(',') ?? [], rest };
  });
}

test('every line has its four fields, and the tree with the writable layer comes first', (t) => {
  const mounts = mountsOf();
  t.true(mounts.every(({ rest, options }) => rest.length === 0 && options.length > 0));
  t.like(mounts[0], { source: 'overlay', target: '/i/rootfs', type: 'overlay' });
  t.deepEqual(mounts[0]?.options, ['lowerdir=/images/tree', 'upperdir=/i/upper', 'workdir=/i/work']);
});

test('what Docker masks is masked, what it makes read-only stays to be read, and what the kernel lacks is left out', (t) => {
  const at = (path: string) => mountsOf().filter(({ target }) => target === `/i/rootfs${path}`);
  t.like(at('/proc/kcore')[0], { source: '/dev/null', type: 'none' });
  // The host's own device: not even its mode may be changed.
  t.true(at('/proc/kcore')[0]?.options.includes('ro'));
  t.like(at('/proc/acpi')[0], { type: 'tmpfs', options: ['ro'] });
  t.like(at('/proc/sys')[0], { source: '/i/rootfs/proc/sys', options: ['bind', 'ro', 'nosuid', 'noexec', 'nodev'] });
  t.deepEqual(at('/proc/keys'), []);
  t.deepEqual(at('/proc/bus'), []);
});

test('a container sees its own cgroup, at the host’s places on version 1', (t) => {
  const cgroups = (mounts: ReturnType<typeof mountsOf>) =>
    mounts.filter(({ target }) => target?.startsWith('/i/rootfs/sys/fs/cgroup'));
  const v1 = cgroups(mountsOf());
  t.deepEqual(
    v1.map(({ source, target }) => [source, target]),
    [
      ['/sys/fs/cgroup', '/i/rootfs/sys/fs/cgroup'],
      [`/sys/fs/cgroup/cpu,cpuacct/${NAME}`, '/i/rootfs/sys/fs/cgroup/cpu,cpuacct'],
    ],
  );
  t.true(v1.every(({ options }) => options.includes('ro')));
  const v2 = cgroups(mountsOf({ cgroupVersion: 2, cgroupFolders: [] }));
  t.is(v2.length, 1);
  t.like(v2[0], { type: 'cgroup2', target: '/i/rootfs/sys/fs/cgroup' });
});

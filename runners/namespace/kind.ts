import { fileURLToPath } from 'node:url';
import { loadedApparmorProfile, sysctls } from '../oci/config.ts';
import { netnsPath } from '../shared/netns.ts';
import { dockerWords } from '../namespace-common/enter.ts';
import type { BoxKind, BoxOptions } from '../namespace-common/kind.ts';
import { fstab } from './mounts.ts';

const CONTAINER = fileURLToPath(new URL('container.sh', import.meta.url));

/** Lines of `FILE VALUE`, to be written in the new namespaces, as long as the host's /proc is there. */
function settings(name: string): string {
  const values = {
    'kernel.hostname': name,
    ...sysctls(),
  };
  const lines = Object.entries(values).map(([key, value]) => `/proc/sys/${key.replaceAll('.', '/')} ${value}\n`);
  return ['/proc/self/oom_score_adj 0\n', ...lines].join('');
}

/** The namespaces that Docker gives, as unshare(1) takes them; the network's is made before. */
function namespaceOptions(cgroupVersion: 1 | 2): readonly string[] {
  return ['--mount', '--uts', '--ipc', '--pid', ...(cgroupVersion === 2 ? ['--cgroup'] : [])];
}

function command({ paths, driver, environment, argv }: BoxOptions): readonly string[] {
  const profile = loadedApparmorProfile() ?? 'unconfined';
  return [
    ...['nsenter', `--net=${netnsPath(paths.netns)}`, 'unshare', ...namespaceOptions(driver.version)],
    ...['sh', CONTAINER, paths.folder, profile, ...dockerWords(environment, argv)],
  ];
}

/** A container by the tools of util-linux; the script beside this file is all of it. */
export const NAMESPACE: BoxKind = {
  id: 'namespace',
  hierarchies: 'limiting',
  fifos: ['born'],
  profile: loadedApparmorProfile,
  launch: (options) => {
    const { paths, tree, driver, cgroupFolders } = options;
    const mounts = fstab({ paths, tree, cgroupVersion: driver.version, cgroupFolders });
    return { files: { fstab: mounts, settings: settings(paths.name) }, steps: [], command: command(options) };
  },
  first: (pid) => pid,
  forget: async () => {},
};

import { fileURLToPath } from 'node:url';
import {
  HOSTNAME_FILE,
  MASKED,
  maskLinks,
  type SystemLayer,
  systemFiles,
  UNITS,
  WORKLOAD_LINK,
  WORKLOAD_UNIT,
} from '../../bench/image/system/layer.ts';
import { prepareSystemTree, type SystemTree } from '../../bench/image/system/tree.ts';
import type { Image } from '../../bench/model/image.ts';

/** Where our own files are in a container's system. */
export const LXC_SYSTEM_INSIDE = {
  /** Of each preparation: mounted over a file of the tree. */
  unit: `${UNITS}/${WORKLOAD_UNIT}`,
  /** What the workload writes: of each instance, mounted over a file of the tree. */
  output: '/usr/lib/tare/output',
  initMark: '/usr/lib/tare/init-mark',
  generator: '/etc/systemd/system-generators/tare-init',
} as const;

/**
 * What makes a container's system of an image's tree: systemd as in a guest's, without what only a machine needs (kernel, its
 * initial file tree, boot loader, udev).
 * @param id 32 hex digits.
 */
export function containerLayer(id: string): SystemLayer {
  return {
    packages: ['systemd-sysv', 'dbus'],
    files: {
      ...systemFiles(id),
      [HOSTNAME_FILE]: 'tare\n',
      [LXC_SYSTEM_INSIDE.unit]: '# The instance’s own is mounted here.\n',
      [LXC_SYSTEM_INSIDE.output]: '',
    },
    links: {
      // A container has one more terminal that somebody could log in on.
      ...maskLinks([...MASKED, 'console-getty.service']),
      ...WORKLOAD_LINK,
      [LXC_SYSTEM_INSIDE.generator]: LXC_SYSTEM_INSIDE.initMark,
    },
    programs: { [LXC_SYSTEM_INSIDE.initMark]: fileURLToPath(new URL('init-mark.c', import.meta.url)) },
  };
}

/** The tree of a container's whole system, made of an image's once. @throws CommandError; InterruptedError. */
export function wholeTree(stateDir: string, image: Image, signal: AbortSignal): Promise<SystemTree> {
  const layer = containerLayer(image.manifest.digest.replace('sha256:', '').slice(0, 32));
  return prepareSystemTree(stateDir, image, layer, signal);
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SystemLayer } from '../../bench/image/system/layer.ts';
import { ownLayer } from './recipe.ts';

/** vms/guest/boxes.sh inside, to be run by /bin/sh. */
export const BOXES_SCRIPT = '/usr/lib/tare/boxes.sh';

/** The serial number of the disk that holds the image's tree. */
export const TREE_SERIAL = 'tare-tree';

/** What starts containers in a guest, and the packages that bring it. */
export const BOX_ENGINES = {
  runc: ['runc', 'iproute2'],
  docker: ['docker.io', 'apparmor', 'iptables', 'iproute2'],
} as const;

export type BoxEngine = keyof typeof BOX_ENGINES;

const SOURCE = fileURLToPath(new URL('../guest/boxes.sh', import.meta.url));

/** The full system of a guest that containers are started in. */
export function boxesLayer(uuid: string, engine: BoxEngine): SystemLayer {
  const layer = ownLayer(uuid);
  return {
    ...layer,
    packages: [...layer.packages, ...BOX_ENGINES[engine]],
    files: { ...layer.files, [BOXES_SCRIPT]: readFileSync(SOURCE, 'utf8') },
  };
}

import { maskLinks, type SystemLayer } from '../../bench/image/system/layer.ts';
import { bootFiles, SYSTEM } from '../../vms/system/recipe.ts';

/**
 * A system that stands in for a distribution's cloud image: nothing of ours in it but the way it boots, its console as chatty
 * as theirs, and cloud-init. The tree's own servers and agent are kept from running, since such an image has none.
 */
export function standInLayer(uuid: string): SystemLayer {
  return {
    packages: [...SYSTEM.packages, 'cloud-init', 'ifupdown', 'iproute2'],
    files: bootFiles(uuid, ['console=tty0', 'console=ttyS0,115200', 'panic=-1']),
    links: maskLinks(['redis-server.service', 'memcached.service', 'qemu-guest-agent.service']),
    programs: {},
  };
}

import type { ContainerOptions } from '../../runners/oci/config.ts';

/** What is one container's own, as a configuration is made of it; nothing of it exists. */
export const CONTAINER: ContainerOptions = {
  name: 'tare-a1b2c3-runc-0',
  rootfs: '/state/rootfs',
  argv: ['/tare/probe', '--', 'x'],
  environment: { PATH: '/bin', TARE_OWNER: 'a1b2c3' },
  netns: '/run/netns/tare-a1b2c3-0',
  marks: '/state/marks',
  commands: '/state/commands',
  cgroupsPath: '/tare-a1b2c3-runc-0',
  cgroupVersion: 1,
  apparmorProfile: undefined,
};

import { INSIDE } from '../../bench/model/image.ts';
import type { InstanceSpec } from '../../bench/model/runner.ts';
import { cgroupsPath } from '../oci/cli.ts';
import { ociConfig } from '../oci/config.ts';
import { INSIDE_ENVIRONMENT } from '../shared/inside.ts';

/** As in vms/guest/boxes.sh: stand for the numbers of the port's device, which only the guest knows. */
const PORT = { major: 4_294_967_290, minor: 4_294_967_291 } as const;

/** A host with systemd and cgroups of version 2. */
const DRIVER = { version: 2, systemd: true } as const;

export interface BoxConfig {
  readonly text: string;
  /** The guest's CPUs, all of them. */
  readonly cpus: string;
}

/** The OCI configuration of a container in a guest: as on a host, with one port of the guest as its mark channel. */
export function configText(
  spec: InstanceSpec,
  box: { readonly name: string; readonly slot: number; readonly entry: readonly string[]; readonly tag: string },
): BoxConfig {
  const { name, slot, entry, tag } = box;
  const cpus = spec.cpus.map((_, at) => at);
  const folder = `/srv/boxes/${name}`;
  const port = `/dev/virtio-ports/tare.box${slot}`;
  const config = ociConfig(
    { ...spec, cpus },
    {
      ...{ name, rootfs: `${folder}/rootfs`, marks: port, commands: port, apparmorProfile: undefined },
      argv: [INSIDE.probe, ...entry],
      environment: INSIDE_ENVIRONMENT,
      netns: `/run/netns/${name}`,
      cgroupsPath: cgroupsPath(DRIVER, tag, name),
      cgroupVersion: DRIVER.version,
    },
  );
  const { linux, mounts, process, ...rest } = config;
  const { resources } = linux;
  const devices = [...resources.devices, { type: 'c', access: 'rw', allow: true, ...PORT }];
  // Limits of the host's engine are nothing to a guest.
  const { rlimits: _, ...own } = { rlimits: undefined, ...process };
  const inGuest = {
    ...rest,
    process: own,
    mounts: mounts.filter(({ destination }) => destination !== INSIDE.commands),
    linux: { ...linux, resources: { ...resources, devices } },
  };
  return { text: `${JSON.stringify(inGuest)}\n`, cpus: cpus.join() };
}

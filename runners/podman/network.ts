import { z } from 'zod';
import { CommandError, ResourceError } from '../../bench/errors.ts';
import { exec } from '../../bench/proc/exec.ts';
import { ownedName, tagOf } from '../../bench/proc/owner.ts';
import { addressLeases, chooseSubnet, closeTheWayOut, removeLink } from '../shared/bridge.ts';
import { podmanPortName } from '../shared/netns.ts';
import { addressAt, lastAddress, parseSubnet } from '../shared/subnet.ts';
import { type EngineCli, TAG_LABEL } from '../engine/cli.ts';
import type { EngineNetwork } from '../engine/engine.ts';

/** Somebody else may take a subnet between the look and the use. */
const TRIES = 3;

const networkSchema = z.array(z.looseObject({ network_interface: z.string().regex(/^[\w.-]{1,15}$/) }));

async function bridgeOf(cli: EngineCli, name: string): Promise<string> {
  const [network] = await cli.json(['network', 'inspect', name], networkSchema);
  if (network) return network.network_interface;
  throw new ResourceError('NO_NETWORK', `Podman does not show its network ${name}`);
}

/**
 * Podman's network driver makes the bridge with the first container and removes it with the last: made here, with a port of
 * ours, it stands as long as the network, as those of other runners do.
 */
async function standing(
  bridge: string,
  address: string,
  { tag, shard }: { readonly tag: string; readonly shard: number },
  undo: AsyncDisposableStack,
): Promise<void> {
  const port = podmanPortName(tag, shard);
  undo.defer(() => removeLink(bridge));
  await exec(['ip', 'link', 'add', 'name', bridge, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0']);
  closeTheWayOut(bridge);
  undo.defer(() => removeLink(port));
  await exec(['ip', 'tuntap', 'add', 'dev', port, 'mode', 'tap']);
  const lines = [
    `link set ${port} addrgenmode none master ${bridge} up`,
    `address add ${address} dev ${bridge}`,
    `link set ${bridge} up`,
    '',
  ];
  await exec(['ip', '-batch', '-'], { input: lines.join('\n') });
}

/** An internal network of Podman's on a subnet of ours. @param shard 0 for the run's first network. */
export async function makePodmanNetwork(
  cli: EngineCli,
  tag: string,
  shard: number,
  undo: AsyncDisposableStack,
): Promise<EngineNetwork> {
  const name = ownedName(tag, shard === 0 ? 'podman' : `podman${shard}`);
  undo.defer(() => removePodmanNetwork(cli, name));
  for (let tries = 1; ; tries += 1) {
    const subnet = await chooseSubnet(tag);
    try {
      await cli.run([
        ...['network', 'create', '--internal', '--disable-dns', '--subnet', subnet],
        ...['--label', `${TAG_LABEL}=${tag}`, name],
      ]);
      const bridge = await bridgeOf(cli, name);
      const network = parseSubnet(subnet);
      await standing(bridge, `${addressAt(network, 1)}/${network.prefix}`, { tag, shard }, undo);
      // The last address is the client's.
      const { address, prefix } = lastAddress(subnet);
      const lease = { address, withPrefix: `${address}/${prefix}`, [Symbol.dispose]: () => {} };
      return { name, bridge: { name: bridge, lease: () => lease, client: 'podman' }, lease: addressLeases(network, 1) };
    } catch (error) {
      if (!(error instanceof CommandError) || tries === TRIES) throw error;
      await removePodmanNetwork(cli, name);
    }
  }
}

/** Removes a network and its bridge; one that is gone is fine. */
export async function removePodmanNetwork(cli: EngineCli, name: string): Promise<void> {
  if (tagOf(name) === undefined) throw new ResourceError('NOT_OURS', `${name} bears no tag of tare`);
  const { exitCode } = await cli.run(['network', 'exists', name], { accept: [0, 1] });
  if (exitCode !== 0) return;
  const bridge = await bridgeOf(cli, name);
  await cli.remove(['network', 'rm', name]);
  await removeLink(bridge);
}

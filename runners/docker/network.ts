import { existsSync } from 'node:fs';
import { CommandError } from '../../bench/errors.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { addressLeases, chooseSubnet, closeTheWayOut } from '../shared/bridge.ts';
import type { ClientBridge } from '../shared/client.ts';
import { dockerBridgeName } from '../shared/netns.ts';
import { lastAddress, parseSubnet } from '../shared/subnet.ts';
import { TAG_LABEL } from '../engine/cli.ts';
import type { EngineNetwork } from '../engine/engine.ts';
import { docker, dockerCli } from './cli.ts';

/** Somebody else may take a subnet between the look and the use. */
const TRIES = 3;

/** The one address that the engine was told to leave alone: there is one client. */
function clientBridge(name: string, subnet: string): ClientBridge {
  const { address, prefix } = lastAddress(subnet);
  const lease = { address, withPrefix: `${address}/${prefix}`, [Symbol.dispose]: () => {} };
  return { name, lease: () => lease, client: 'docker' };
}

/** An internal network of the engine's on a subnet of ours. @param shard 0 for the run's first network. */
export async function makeDockerNetwork(
  tag: string,
  shard: number,
  undo: AsyncDisposableStack,
): Promise<EngineNetwork> {
  const name = ownedName(tag, shard === 0 ? '' : String(shard));
  const bridge = dockerBridgeName(tag, shard);
  undo.defer(() => dockerCli.remove(['network', 'rm', name]));
  for (let tries = 1; ; tries += 1) {
    const subnet = await chooseSubnet(tag);
    const client = clientBridge(bridge, subnet);
    try {
      await docker([
        ...['network', 'create', '--internal', '--subnet', subnet, '--label', `${TAG_LABEL}=${tag}`],
        ...['--aux-address', `client=${client.lease().address}`],
        ...['--opt', `com.docker.network.bridge.name=${bridge}`, name],
      ]);
      // Some engines give even an internal network a default route, and rely on their packet filter alone.
      if (existsSync(`/sys/class/net/${bridge}`)) closeTheWayOut(bridge);
      return { name, bridge: client, lease: addressLeases(parseSubnet(subnet), 1) };
    } catch (error) {
      if (!(error instanceof CommandError) || tries === TRIES) throw error;
    }
  }
}

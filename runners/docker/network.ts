import { existsSync } from 'node:fs';
import type { RunContext } from '../../bench/model/runner.ts';
import { CommandError } from '../../bench/errors.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { type AddressLease, addressLeases, chooseSubnet, closeTheWayOut, MOST_PORTS } from '../shared/bridge.ts';
import type { ClientBridge } from '../shared/client.ts';
import { dockerBridgeName } from '../shared/netns.ts';
import { Refcounted, type Use } from '../shared/refcounted.ts';
import { Shards } from '../shared/shards.ts';
import { lastAddress, parseSubnet } from '../shared/subnet.ts';
import { docker, dockerRemove, TAG_LABEL } from './cli.ts';

/** One of the run's networks as the engine knows it, and its bridge as a client needs it. */
export interface DockerNetwork {
  readonly name: string;
  readonly bridge: ClientBridge;
  /** An address on it that no other container of this run has. @throws ResourceError `NO_ADDRESS`. */
  lease(): AddressLease;
}

/** The run's networks: the first one, and all of them for whoever needs a port; nothing leads from one to another. */
export interface DockerNetworks {
  readonly first: DockerNetwork;
  readonly shards: Shards<DockerNetwork>;
}

const networks = new Refcounted<DockerNetworks>();

/** Somebody else may take a subnet between the look and the use. */
const TRIES = 3;

/** The one address that the engine was told to leave alone: there is one client. */
function clientBridge(name: string, subnet: string): ClientBridge {
  const { address, prefix } = lastAddress(subnet);
  const lease = { address, withPrefix: `${address}/${prefix}`, [Symbol.dispose]: () => {} };
  return { name, lease: () => lease };
}

/** @param shard 0 for the run's first network. */
async function make(tag: string, shard: number, undo: AsyncDisposableStack): Promise<DockerNetwork> {
  const name = ownedName(tag, shard === 0 ? '' : String(shard));
  const bridge = dockerBridgeName(tag, shard);
  undo.defer(() => dockerRemove(['network', 'rm', name]));
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

/**
 * The run's own networks without a way out: the first made for the first user, all removed after the last.
 * @param mostPorts of one network, before another is made.
 */
export function runNetworks(run: RunContext, mostPorts = MOST_PORTS): Promise<Use<DockerNetworks>> {
  const { tag } = run.owner;
  return networks.acquire(tag, async (undo) => {
    // What is made later goes with what is made now.
    const later = undo.use(new AsyncDisposableStack());
    const first = await make(tag, 0, undo);
    return { first, shards: new Shards(first, (shard) => make(tag, shard, later), mostPorts) };
  });
}

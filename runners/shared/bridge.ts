import { existsSync, writeFileSync } from 'node:fs';
import { ResourceError } from '../../bench/errors.ts';
import type { RunContext } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { Refcounted } from './refcounted.ts';
import { Shards } from './shards.ts';
import {
  addressAt,
  formatNetwork,
  freeSubnets,
  knownNetworks,
  type Network,
  overlaps,
  parseRecords,
  roomFor,
} from './subnet.ts';

/** One address of the run's subnet, until it is disposed. */
export interface AddressLease extends Disposable {
  /** e.g. `198.18.4.2`. */
  readonly address: string;
  /** `198.18.4.2/22`, as `ip address add` takes it. */
  readonly withPrefix: string;
}

/** An instance's place on one of the run's bridges. */
export interface Attachment extends AddressLease {
  /** The bridge's name. */
  readonly bridge: string;
}

/** The run's own bridge; no default route leads out of it and nothing but instances is bound to it. */
export interface RunBridge extends AsyncDisposable {
  /** `tare-<tag>`, 11 characters. */
  readonly name: string;
  /** e.g. `198.18.4.0/22`. */
  readonly subnet: string;
  readonly prefix: number;
  /** The host's own address on the bridge, the subnet's .1. */
  readonly hostAddress: string;
  /** An address on this bridge that no other instance of this run has. @throws ResourceError `NO_ADDRESS`. */
  lease(): AddressLease;
  /**
   * A place on this bridge or, when it is full, on a further one of the run: nothing leads from one to another.
   * @throws what `runBridge` throws.
   */
  attach(): Promise<Attachment>;
}

/** A bridge takes 1023 ports; some are left to clients and to whoever looks. */
export const MOST_PORTS = 900;

/** The host's address is the first; instances follow. */
const FIRST_INSTANCE = 2;

interface Made {
  readonly name: string;
  readonly network: Network;
  readonly lease: () => AddressLease;
}

/** The bridges of a run: the first one, and all of them for whoever needs a port. */
interface Bridges {
  readonly first: Made;
  readonly shards: Shards<Made>;
}

const bridges = new Refcounted<Bridges>();

/** Networks of this host, without those on `except`. */
async function networksOfHost(except = ''): Promise<readonly Network[]> {
  const ip = async (...words: readonly string[]) => (await exec(['ip', '-json', '-4', ...words])).stdout;
  const others = (json: string, key: string) =>
    JSON.stringify(parseRecords(json).filter((item) => item[key] !== except));
  const routes = await ip('route', 'show', 'table', 'all');
  const addresses = await ip('address', 'show');
  return knownNetworks(others(routes, 'dev'), others(addresses, 'ifname'));
}

/**
 * A subnet of the benchmark range that is free on this host now.
 * @throws ResourceError `NO_SUBNET`.
 */
export async function chooseSubnet(tag: string): Promise<string> {
  const [network] = freeSubnets(await networksOfHost(), tag);
  if (network) return formatNetwork(network);
  throw new ResourceError('NO_SUBNET', 'every subnet of 198.18.0.0/15 is in use on this host', {
    hint: 'see "ip route show table all": something routes the whole benchmark range',
  });
}

function setting(path: string, value: string): void {
  writeFileSync(`/proc/sys/net/${path}`, value);
}

/** A route through this host is of no use to an instance then, even if it makes one for itself. */
export function closeTheWayOut(bridge: string): void {
  if (existsSync(`/proc/sys/net/ipv6/conf/${bridge}`)) setting(`ipv6/conf/${bridge}/disable_ipv6`, '1');
  // Only packets that arrive on this interface: the host's other forwarding stays as it is.
  setting(`ipv4/conf/${bridge}/forwarding`, '0');
  setting(`ipv4/conf/${bridge}/rp_filter`, '1');
}

/**
 * The hardware address of whoever has this address: unique on the host, since the run's subnet is nobody else's, and the same
 * for every instance that gets the address, so that what a neighbour remembers of the last one still holds.
 */
export function macFor(address: string): string {
  const bytes = address
    .split('.')
    .slice(1)
    .map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return ['52', '54', '00', ...bytes].join(':');
}

/** A fixed address of its own: a bridge otherwise takes its lowest port's, and neighbours must ask again. */
function hardwareAddress(tag: string, number: number): string {
  return ['02', (0x74 + number).toString(16), '72', ...(tag.match(/../g) ?? [])].join(':');
}

/** Makes a bridge with the network's first address. @param number tells the bridges of a run apart: at most 139. */
export async function makeBridge(
  { tag, number }: { readonly tag: string; readonly number: number },
  name: string,
  network: Network,
  undo: AsyncDisposableStack,
): Promise<void> {
  undo.defer(() => removeLink(name));
  const options = ['stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'];
  await exec([
    'ip',
    'link',
    'add',
    'name',
    name,
    'address',
    hardwareAddress(tag, number),
    'type',
    'bridge',
    ...options,
  ]);
  closeTheWayOut(name);
  await exec(['ip', '-batch', '-'], {
    input: [`address add ${addressAt(network, 1)}/${network.prefix} dev ${name}`, `link set ${name} up`, ''].join('\n'),
  });
}

/** Whether anything but this interface has addresses of the network, or a route to it. */
export async function isShared(network: Network, name: string): Promise<boolean> {
  return (await networksOfHost(name)).some((other) => overlaps(other, network));
}

/** @param shard 0 for the run's first bridge. */
async function make(tag: string, shard: number, undo: AsyncDisposableStack): Promise<Made> {
  const name = ownedName(tag, shard === 0 ? '' : String(shard));
  for (const network of freeSubnets(await networksOfHost(), tag).slice(0, 8)) {
    await using attempt = new AsyncDisposableStack();
    await makeBridge({ tag, number: shard }, name, network, attempt);
    // Somebody else may have taken the same subnet meanwhile; both then give way and look again.
    if (await isShared(network, name)) continue;
    const owned = attempt.move();
    undo.defer(() => owned.disposeAsync());
    return { name, network, lease: addressLeases(network) };
  }
  throw new ResourceError('NO_SUBNET', 'no subnet of 198.18.0.0/15 is free on this host', {
    hint: 'see "ip route show table all": something routes the whole benchmark range',
  });
}

/**
 * Hands out addresses of a network to instances, each to one at a time.
 * @param reserved addresses at the end of the network that somebody else has.
 */
export function addressLeases(network: Network, reserved = 0): () => AddressLease {
  const leased = new Set<number>();
  const room = roomFor(network) - reserved;
  return () => {
    for (let index = FIRST_INSTANCE; index < FIRST_INSTANCE + room; index += 1) {
      if (leased.has(index)) continue;
      leased.add(index);
      const address = addressAt(network, index);
      return {
        address,
        withPrefix: `${address}/${network.prefix}`,
        [Symbol.dispose]: () => void leased.delete(index),
      };
    }
    throw new ResourceError('NO_ADDRESS', `all ${room} addresses of ${formatNetwork(network)} are in use`);
  };
}

async function makeFirst(tag: string, mostPorts: number, undo: AsyncDisposableStack): Promise<Bridges> {
  // What is made later goes with what is made now.
  const later = undo.use(new AsyncDisposableStack());
  const first = await make(tag, 0, undo);
  return { first, shards: new Shards(first, (shard) => make(tag, shard, later), mostPorts) };
}

async function attachTo(shards: Shards<Made>): Promise<Attachment> {
  const place = await shards.take();
  const { address, withPrefix, ...lease } = place.value.lease();
  const leave = () => {
    lease[Symbol.dispose]();
    place[Symbol.dispose]();
  };
  return { address, withPrefix, bridge: place.value.name, [Symbol.dispose]: leave };
}

/**
 * The bridge of a run: made for the first caller, the same one for every other, removed when the last has disposed it.
 * @param mostPorts of one bridge, before `attach` makes another.
 * @throws ResourceError `NO_SUBNET`; CommandError.
 */
export async function runBridge(run: Pick<RunContext, 'owner'>, mostPorts = MOST_PORTS): Promise<RunBridge> {
  const { tag } = run.owner;
  const use = await bridges.acquire(tag, (undo) => makeFirst(tag, mostPorts, undo));
  const { first, shards } = use.value;
  const { name, network } = first;
  return {
    name,
    subnet: formatNetwork(network),
    prefix: network.prefix,
    hostAddress: addressAt(network, 1),
    lease: first.lease,
    attach: () => attachTo(shards),
    [Symbol.asyncDispose]: () => use[Symbol.asyncDispose](),
  };
}

/** Removes a network interface; one that is gone is fine. */
export async function removeLink(name: string): Promise<void> {
  await exec(['ip', 'link', 'delete', name], { accept: 'any' });
  const { exitCode } = await exec(['ip', 'link', 'show', 'dev', name], { accept: 'any' });
  if (exitCode !== 0) return;
  throw new ResourceError('LINK_STAYS', `the network interface ${name} could not be removed`, {
    hint: `try: ip link delete ${name}`,
  });
}

/**
 * The interface that the kernel would send a packet for this address to; undefined where no route leads to it.
 * @param netns a named network namespace; default: the host's.
 */
export async function routeTo(address: string, netns?: string): Promise<string | undefined> {
  const where = netns === undefined ? [] : ['-netns', netns];
  const { exitCode, stdout } = await exec(['ip', ...where, '-json', 'route', 'get', address], { accept: 'any' });
  const device = exitCode === 0 ? parseRecords(stdout)[0]?.['dev'] : undefined;
  return typeof device === 'string' ? device : undefined;
}

/**
 * To be called before anything is sent to an instance: a vanished bridge must not turn a benchmark into traffic on
 * somebody's network.
 * @param device the bridge; in a client's namespace its own interface.
 * @throws ResourceError `ROUTE_ASTRAY`.
 */
export async function requireRoute(address: string, device: string, netns?: string): Promise<void> {
  const found = await routeTo(address, netns);
  if (found === device) return;
  throw new ResourceError(
    'ROUTE_ASTRAY',
    `packets for ${address} would go to ${found ?? 'nowhere'}, not to ${device}`,
    {
      hint: 'the bridge has gone, or a route of this host covers it: nothing was sent',
    },
  );
}

import { connect } from 'node:net';
import { codeOf, ResourceError, WorkloadError } from '../../bench/errors.ts';
import type { ExecOptions, ExecResult, InstanceSpec, RunContext } from '../../bench/model/runner.ts';
import { exec, OWNER_VARIABLE } from '../../bench/proc/exec.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { type AddressLease, type RunBridge, removeLink, requireRoute } from './bridge.ts';
import { INSIDE_ENVIRONMENT } from './inside.ts';
import { clientVethName, removeNetns } from './netns.ts';
import { admitBridged } from './packet-filter.ts';
import { Refcounted, type Use } from './refcounted.ts';
import { runTreeProgram, treeArgv } from './tree-program.ts';

/** The client's own interface, in its own namespace. */
const INTERFACE = 'eth0';

const CONNECT_MS = 5000;
/** Connects, and nothing else: its exit code tells. */
const CONNECT = ['/bin/bash', '-c', 'exec 3<>"/dev/tcp/$1/$2"', 'connect'] as const;

/** What a client needs of a bridge: its name, and an address that no instance has. */
export interface ClientBridge extends Pick<RunBridge, 'name' | 'lease'> {
  /** The engine whose bridge it is; absent for the run's own. */
  readonly client?: 'docker' | 'podman';
}

/** A run may have one client on each of these bridges; each has its own number. */
const CLIENTS = ['own', 'docker', 'podman'] as const;

/** The instance that a client is to reach: null where it has no network. */
export interface ClientTarget {
  readonly address: string | null;
  readonly port: number;
}

/**
 * Makes the tree in $0 read-only for what follows, with folders of their own for what programs leave in their home: it is the
 * store's. In the mount namespace that `ip netns exec` makes, so that nobody else sees it and it is gone with the program.
 */
const UNWRITTEN = [
  'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"',
  'mount -t tmpfs tmpfs "$0/root" && mount -t tmpfs tmpfs "$0/tmp"',
  'exec "$@"',
].join(' && ');

/** Runs programs outside of all boxes that reach instances over their bridge. Disposing it removes what that took. */
export interface Client extends AsyncDisposable {
  /**
   * Runs a program of the spec's tree on the spec's client CPUs.
   * @throws ResourceError `NO_NETWORK`, `ROUTE_ASTRAY`, `BRIDGE_BLOCKED`; WorkloadError `UNREACHABLE`; CommandError.
   */
  exec(target: ClientTarget, argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
}

/** One port of a bridge with a network namespace behind it. */
interface Port {
  readonly netns: string;
  /** Set once an instance was reached. */
  reached: boolean;
}

const ports = new Refcounted<Port>();

function batches(bridge: string, veth: string, netns: string, lease: AddressLease) {
  const text = (...lines: readonly string[]) => ({ input: `${lines.join('\n')}\n` });
  return {
    outside: text(
      `netns add ${netns}`,
      `link add name ${veth} type veth peer name ${INTERFACE} netns ${netns}`,
      `link set ${veth} addrgenmode none master ${bridge} up`,
    ),
    // No default route: nothing in it reaches further than the bridge.
    inside: text(
      'link set lo up',
      `address add ${lease.withPrefix} dev ${INTERFACE}`,
      `link set ${INTERFACE} addrgenmode none up`,
    ),
  };
}

async function makePort(tag: string, bridge: ClientBridge, undo: AsyncDisposableStack): Promise<Port> {
  const { client } = bridge;
  const netns = ownedName(tag, client === undefined ? 'client' : `${client}-client`);
  const veth = clientVethName(tag, CLIENTS.indexOf(client ?? 'own'));
  const lease = undo.use(bridge.lease());
  undo.defer(() => removeNetns(netns));
  undo.defer(() => removeLink(veth));
  const { outside, inside } = batches(bridge.name, veth, netns, lease);
  await exec(['ip', '-batch', '-'], outside);
  await exec(['ip', '-netns', netns, '-batch', '-'], inside);
  await admitBridged({ bridge: bridge.name, tag }, undo);
  return { netns, reached: false };
}

/** An address goes to one instance after the other, each behind a link address of its own: nothing is sent to a former one's. */
async function forgetNeighbours({ netns }: Port): Promise<void> {
  await exec(['ip', '-netns', netns, 'neighbour', 'flush', 'dev', INTERFACE]);
}

function reachesFromHost(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: CONNECT_MS });
    const end = (reached: boolean) => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** The error for an instance that the client does not reach. */
async function blocked(target: { address: string; port: number }, bridge: string): Promise<never> {
  const { address, port } = target;
  await requireRoute(address, bridge);
  if (!(await reachesFromHost(address, port))) {
    const message = `nothing at ${address} accepts connections on port ${port}, from the host neither`;
    throw new WorkloadError('UNREACHABLE', message);
  }
  throw new ResourceError('BRIDGE_BLOCKED', `something on this host drops packets from port to port of ${bridge}`, {
    hint:
      'look for it in "nft list ruleset", "iptables -S FORWARD" and "firewall-cmd --list-all", and allow what arrives on ' +
      'and leaves by interfaces named tare-* and td*; or switch the filtering off: sysctl net.bridge.bridge-nf-call-iptables=0',
  });
}

/**
 * The client of a spec on its bridge. The port is made with the first program and shared by all clients of the run on that
 * bridge: a run without a client changes neither bridge nor packet filter.
 */
export function bridgeClient(spec: InstanceSpec, run: RunContext, bridge: ClientBridge | null | undefined): Client {
  const { tag } = run.owner;
  const environment = { ...INSIDE_ENVIRONMENT, [OWNER_VARIABLE]: tag };
  let port: Promise<Use<Port>> | undefined;

  function portOn(on: ClientBridge): Promise<Use<Port>> {
    port ??= ports.acquire(`${tag} ${on.name}`, (undo) => makePort(tag, on, undo));
    // What could not be made may be another time.
    port.catch(() => (port = undefined));
    return port;
  }

  async function requireReached({ value }: Use<Port>, target: { address: string; port: number }, name: string) {
    if (value.reached) return;
    const words = [...CONNECT, target.address, String(target.port)];
    const result = await runIn(value, words, { timeoutMs: CONNECT_MS }).catch((error: unknown) => {
      if (codeOf(error) !== 'COMMAND_TIMEOUT') throw error;
    });
    // Where nothing is to listen, a refusal is an answer as well.
    const refused = spec.entry.ready({ dataDir: '', listen: '', port: target.port }).protocol === 'none';
    const answered = result?.exitCode === 0 || (refused && result?.stderr.includes('Connection refused') === true);
    if (!answered) await blocked(target, name);
    value.reached = true;
  }

  function runIn({ netns }: Port, argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const { tree } = spec.image;
    const words = ['ip', 'netns', 'exec', netns, 'sh', '-c', UNWRITTEN, tree, ...treeArgv(tree, spec.clientCpus, argv)];
    return runTreeProgram(words, environment, options);
  }

  return {
    exec: async (target, argv, options) => {
      const { address } = target;
      if (!bridge || address === null) {
        throw new ResourceError('NO_NETWORK', 'the instance has no network that a client could reach it over', {
          hint: 'set limits.network to "bridge"',
        });
      }
      const use = await portOn(bridge);
      await requireRoute(address, INTERFACE, use.value.netns);
      await forgetNeighbours(use.value);
      await requireReached(use, { address, port: target.port }, bridge.name);
      return runIn(use.value, argv, options);
    },
    [Symbol.asyncDispose]: async () => {
      const use = await port?.catch(() => undefined);
      await use?.[Symbol.asyncDispose]();
    },
  };
}

import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError, ParseError, ResourceError } from '../../bench/errors.ts';
import { exec } from '../../bench/proc/exec.ts';
import { ownedName, tagOf } from '../../bench/proc/owner.ts';
import { addressLeases, chooseSubnet, isShared, makeBridge, removeLink } from '../shared/bridge.ts';
import { podmanBridgeName, podmanKeeperName } from '../shared/netns.ts';
import { hasProgram } from '../shared/programs.ts';
import { lastAddress, parseSubnet } from '../shared/subnet.ts';
import { runFolders, type Sweep, sweepEach } from '../shared/sweep.ts';
import { type EngineCli, TAG_LABEL } from '../engine/cli.ts';
import type { EngineNetwork } from '../engine/engine.ts';
import { networksFolder, podmanOfRun, RUNTIME } from './cli.ts';

/** Somebody else may take a subnet between the look and the use. */
const TRIES = 3;

/** Numbers from here on tell these bridges from a run's own. */
const FIRST_NUMBER = 64;

const definitionSchema = z.looseObject({ name: z.string(), network_interface: z.string() });

/** A network's definition as Podman wrote it, with another bridge. @throws ParseError `PODMAN_NETWORK`. */
export function onBridge(definition: string, bridge: string): string {
  try {
    const network = definitionSchema.parse(JSON.parse(definition));
    return `${JSON.stringify({ ...network, network_interface: bridge }, null, 2)}\n`;
  } catch (cause) {
    throw new ParseError('PODMAN_NETWORK', 'Podman wrote a definition of a network in another form', { cause });
  }
}

/** Defines an internal network. Not every Podman has an option for the bridge's name: its definition gets it. */
async function define(cli: EngineCli, folder: string, tag: string, { name, bridge, subnet }: Definition) {
  await cli.run([
    ...['network', 'create', '--internal', '--disable-dns', '--subnet', subnet],
    ...['--label', `${TAG_LABEL}=${tag}`, name],
  ]);
  const file = join(folder, `${name}.json`);
  await writeFile(file, onBridge(await readFile(file, 'utf8'), bridge));
  const [seen] = await cli.json(['network', 'inspect', name], z.array(definitionSchema));
  if (seen?.network_interface === bridge) return;
  throw new ResourceError('PODMAN_NETWORK', `Podman does not take ${bridge} for its network ${name}`);
}

interface Definition {
  readonly name: string;
  readonly bridge: string;
  readonly subnet: string;
}

/**
 * Podman's network driver makes a bridge with the first container and removes it with the last: this one is made here, and a
 * port of ours keeps it as long as the network, as those of other runners are kept.
 */
async function stand(
  { tag, shard }: { readonly tag: string; readonly shard: number },
  { bridge, subnet }: Definition,
  undo: AsyncDisposableStack,
): Promise<void> {
  const keeper = podmanKeeperName(tag, shard);
  await makeBridge({ tag, number: FIRST_NUMBER + shard }, bridge, parseSubnet(subnet), undo);
  undo.defer(() => removeLink(keeper));
  await exec(['ip', 'tuntap', 'add', 'dev', keeper, 'mode', 'tap']);
  await exec(['ip', 'link', 'set', keeper, 'addrgenmode', 'none', 'master', bridge, 'up']);
}

/** An internal network of Podman's on a subnet of ours. @param shard 0 for the run's first network. */
export async function makePodmanNetwork(
  cli: EngineCli,
  runDir: string,
  { tag, shard }: { readonly tag: string; readonly shard: number },
  undo: AsyncDisposableStack,
): Promise<EngineNetwork> {
  const name = ownedName(tag, shard === 0 ? 'podman' : `podman${shard}`);
  const bridge = podmanBridgeName(tag, shard);
  for (let tries = 1; ; tries += 1) {
    await using attempt = new AsyncDisposableStack();
    const definition = { name, bridge, subnet: await chooseSubnet(tag) };
    const network = parseSubnet(definition.subnet);
    try {
      attempt.defer(() => cli.remove(['network', 'rm', name]));
      await define(cli, networksFolder(runDir), tag, definition);
      await stand({ tag, shard }, definition, attempt);
    } catch (error) {
      if (error instanceof CommandError && tries < TRIES) continue;
      throw error;
    }
    if (await isShared(network, bridge)) {
      if (tries < TRIES) continue;
      throw new ResourceError('NO_SUBNET', `somebody else takes ${definition.subnet} as well`, { retryable: true });
    }
    const owned = attempt.move();
    undo.defer(() => owned.disposeAsync());
    // The last address is the client's.
    const { address, prefix } = lastAddress(definition.subnet);
    const lease = { address, withPrefix: `${address}/${prefix}`, [Symbol.dispose]: () => {} };
    return { name, bridge: { name: bridge, lease: () => lease, client: 'podman' }, lease: addressLeases(network, 1) };
  }
}

/** Names of the networks that a run has defined. */
function definedIn(runDir: string): readonly string[] {
  try {
    return readdirSync(networksFolder(runDir)).flatMap((file) => /^(tare-.+)\.json$/.exec(file)?.[1] ?? []);
  } catch {
    return [];
  }
}

/** Removes networks of matching runs; their bridges and ports are links, which are swept for all runners. */
export const sweepPodmanNetworks: Sweep = async (owner, context) => {
  if (!hasProgram('podman')) return [];
  const folders = runFolders(context.stateDir, owner);
  const found = folders.flatMap(({ path, tag }) =>
    definedIn(path).flatMap((id) => (tagOf(id) === tag ? [{ ref: { kind: 'network', id, tag } as const, path }] : [])),
  );
  const refs = found.map(({ ref }) => ref);
  return sweepEach(refs, context, async (id) => {
    const path = found.find(({ ref }) => ref.id === id)?.path;
    if (path !== undefined) await podmanOfRun(RUNTIME.default, path).remove(['network', 'rm', id]);
  });
};

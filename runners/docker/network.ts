import { existsSync } from 'node:fs';
import type { RunContext } from '../../bench/model/runner.ts';
import { CommandError } from '../../bench/errors.ts';
import { ownedName } from '../../bench/proc/owner.ts';
import { chooseSubnet, closeTheWayOut } from '../shared/bridge.ts';
import { dockerBridgeName } from '../shared/netns.ts';
import { Refcounted, type Use } from '../shared/refcounted.ts';
import { docker, dockerRemove, TAG_LABEL } from './cli.ts';

const networks = new Refcounted<string>();

/** Somebody else may take a subnet between the look and the use. */
const TRIES = 3;

async function make(tag: string, undo: AsyncDisposableStack): Promise<string> {
  const name = ownedName(tag);
  const bridge = dockerBridgeName(tag);
  undo.defer(() => dockerRemove(['network', 'rm', name]));
  for (let tries = 1; ; tries += 1) {
    const subnet = await chooseSubnet(tag);
    try {
      await docker([
        ...['network', 'create', '--internal', '--subnet', subnet, '--label', `${TAG_LABEL}=${tag}`],
        ...['--opt', `com.docker.network.bridge.name=${bridge}`, name],
      ]);
      // Some engines give even an internal network a default route, and rely on their packet filter alone.
      if (existsSync(`/sys/class/net/${bridge}`)) closeTheWayOut(bridge);
      return name;
    } catch (error) {
      if (!(error instanceof CommandError) || tries === TRIES) throw error;
    }
  }
}

/** The run's own network without a way out: made for the first user, removed after the last. */
export function runNetwork(run: RunContext): Promise<Use<string>> {
  const { tag } = run.owner;
  return networks.acquire(tag, (undo) => make(tag, undo));
}

import type { RunContext } from '../../bench/model/runner.ts';
import { MOST_PORTS } from '../shared/bridge.ts';
import { Refcounted, type Use } from '../shared/refcounted.ts';
import { Shards } from '../shared/shards.ts';
import type { Engine, EngineNetwork } from './engine.ts';

/** The run's networks: the first one, and all of them for whoever needs a port; nothing leads from one to another. */
export interface EngineNetworks {
  readonly first: EngineNetwork;
  readonly shards: Shards<EngineNetwork>;
}

const networks = new Refcounted<EngineNetworks>();

/**
 * The run's own networks without a way out: the first made for the first user, all removed after the last.
 * @param mostPorts of one network, before another is made.
 */
export function runNetworks(engine: Engine, run: RunContext, mostPorts = MOST_PORTS): Promise<Use<EngineNetworks>> {
  const { tag } = run.owner;
  return networks.acquire(`${engine.id} ${tag}`, async (undo) => {
    // What is made later goes with what is made now.
    const later = undo.use(new AsyncDisposableStack());
    const first = await engine.makeNetwork(tag, 0, undo);
    return { first, shards: new Shards(first, (shard) => engine.makeNetwork(tag, shard, later), mostPorts) };
  });
}

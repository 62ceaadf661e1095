import type { AddressLease } from '../shared/bridge.ts';
import type { ClientBridge } from '../shared/client.ts';
import type { EngineCli } from './cli.ts';

/** One of the run's networks as the engine knows it, and its bridge as a client needs it. */
export interface EngineNetwork {
  readonly name: string;
  readonly bridge: ClientBridge;
  /** An address on it that no other container of this run has. @throws ResourceError `NO_ADDRESS`. */
  lease(): AddressLease;
}

/** What tells one container engine from another. */
export interface Engine {
  /** The runner's id; the last part of containers' names begins with it. */
  readonly id: 'docker' | 'podman';
  readonly cli: EngineCli;
  /** Words of `run` that make its containers what those of other runners are. */
  readonly runWords: readonly string[];
  /** Words of `run` that give a container this address on its network. */
  addressWords(address: string): readonly string[];
  /** Words that remove a container at once, before its name. */
  readonly removal: readonly string[];
  /** What it prints when a program inside could not be run at all. */
  readonly notRun: RegExp;
  /** Cgroups below a hierarchy's root in which it may put a container of this id. */
  cgroups(id: string): readonly string[];
  /** @param shard 0 for the run's first network. */
  makeNetwork(tag: string, shard: number, undo: AsyncDisposableStack): Promise<EngineNetwork>;
}

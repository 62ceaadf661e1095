import type { EffectiveLimits, Instance, RunContext } from '../../bench/model/runner.ts';
import type { OciConfig } from './config.ts';

/**
 * How a runtime makes cgroups here. On a host whose cgroups v2 belong to systemd a scope is asked for, as Docker does there:
 * systemd may take controllers away again from a cgroup that it does not know.
 */
export interface CgroupDriver {
  readonly version: 1 | 2;
  readonly systemd: boolean;
}

/** What is the same for all containers of one preparation. */
export interface Invocation {
  /** Options of the command that starts a container, before the command. */
  readonly options: readonly string[];
  /** Options of the command that runs a program in one. Default: none. */
  readonly execOptions?: readonly string[];
  /** What a container's start is run under, by the path of its network namespace. Default: nothing. */
  readonly under?: (netns: string) => readonly string[];
}

/** What tells one OCI runtime from another, as far as a runner has to know. */
export interface OciRuntime {
  /** The runner's id: the name of its folder in a run's, and part of its containers' names. */
  readonly id: string;
  readonly program: string;
  /** What it says itself when it could not run a program inside; a program's own exit code comes without it. */
  readonly notRun: RegExp;
  /** The signal that ends it where it could not run a program inside, and no longer gets to say so. Default: it always does. */
  readonly notRunSignal?: NodeJS.Signals;
  /** Once a preparation, untimed. @throws CommandError. */
  invocation(driver: CgroupDriver, run: RunContext): Promise<Invocation>;
  /** What is to be otherwise in a container's configuration. Default: nothing. */
  readonly adapt?: (config: OciConfig) => object;
  /** Whether the variables given to a program inside take the place of the container's own. Default: they are added. */
  readonly replacesEnvironment?: boolean;
  /** The entry below the runtime's root that stands for a container. Default: its name. */
  readonly recordOf?: (name: string) => string;
  /**
   * Ends what carries this variable (`NAME=value`) in its environment, with the means of the inside. Default: the host's
   * processes are looked through, which are the container's.
   */
  readonly endInside?: (exec: Instance['exec'], variable: string) => Promise<void>;
  /** What only the inside knows of its limits. Default: what the host knows is all. */
  readonly seenInside?: (exec: Instance['exec']) => Promise<Partial<EffectiveLimits>>;
}

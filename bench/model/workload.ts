import type { Metric } from './metric.ts';

/** How the probe inside decides that the application answers. */
export interface ReadyCheck {
  /** `none`: ready as soon as it is executed. */
  readonly protocol: 'redis' | 'memcached' | 'tcp' | 'none';
  readonly port: number;
}

/** Where an instance keeps its data and listens; the runner decides, since native instances share one file tree. */
export interface Placement {
  /** Absolute path as the instance sees it. */
  readonly dataDir: string;
  /** Address to listen on: every address inside a box with a network of its own, loopback natively. */
  readonly listen: string;
  readonly port: number;
}

/** What every instance starts: argv and readiness depend only on the placement. */
export interface EntryPoint {
  readonly workload: string;
  readonly defaultPort: number;
  argv(placement: Placement): readonly string[];
  ready(placement: Placement): ReadyCheck;
}

/** Which image an instance starts from: `node` is the base with Node and tinybench in a layer on it. */
export type Flavour = 'base' | 'node';

/** One program to be run to its end. */
export interface ProgramCall {
  readonly argv: readonly string[];
  readonly input?: string;
}

/** What a client needs to reach an instance. */
export interface Target {
  readonly placement: Placement;
  /** As the client sees it: loopback for a client inside. */
  readonly address: string;
}

/** Values by metric id; several of one metric are its operations in this instance, in order. */
export type Readings = Readonly<Record<string, readonly number[]>>;

/** One benchmark program and what it reads: where its client runs, what is prepared, and how its output is parsed. */
export interface Measurement {
  readonly id: string;
  /** `inside`: in the instance, announced over the mark channel. `bridge`: on the client's CPUs, over the instance's network. */
  readonly client: 'inside' | 'bridge';
  readonly metrics: readonly Metric[];
  /** Run inside before the first operation, untimed; each must exit 0. The same call of several measurements runs once. */
  prepare?(placement: Placement): readonly ProgramCall[];
  /** One operation. */
  call(target: Target): ProgramCall;
  /** Operations in one instance. */
  readonly operations: number;
  /** From spawn to end; longer is a failure. */
  readonly timeoutMs: number;
  /** @throws ParseError rather than returning anything but finite numbers, for every one of `metrics`. */
  parse(stdout: string): Readings;
}

/** One program that can be measured. Settings go into the manifest. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly flavour: Flavour;
  readonly entry: EntryPoint;
  /** Programs run inside an instance, in order, to write a fixed data set and save it; each must exit 0. Empty: it has none. */
  fill(placement: Placement): readonly (readonly string[])[];
  /** Bytes of user data that `fill` writes. */
  readonly fillBytes: number;
  /** What the throughput experiment runs against it; empty where there is nothing. */
  readonly measurements: readonly Measurement[];
}

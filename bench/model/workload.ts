/** How the probe inside decides that the application answers. */
export interface ReadyCheck {
  readonly protocol: 'redis' | 'memcached' | 'none';
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

/** One program that can be measured. Settings go into the manifest. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly entry: EntryPoint;
  /** Programs run inside an instance, in order, to write a fixed data set and save it; each must exit 0. */
  fill(placement: Placement): readonly (readonly string[])[];
  /** Bytes of user data that `fill` writes. */
  readonly fillBytes: number;
}

import type { Image } from './image.ts';
import type { Mark, MarkName } from './mark.ts';
import type { Owner, OwnerFilter, ResourceRef } from './owner.ts';
import type { EntryPoint, Placement } from './workload.ts';

export type Isolation = 'none' | 'container' | 'sandbox' | 'vm';
export type Accelerator = 'none' | 'kvm' | 'tcg';

/** What is asked of every runner alike. */
export interface InstanceSpec {
  readonly image: Image;
  readonly entry: EntryPoint;
  /** Host CPUs that the instance may use; a VM gets as many vCPUs, and its emulator threads share the set. */
  readonly cpus: readonly number[];
  readonly memoryBytes: number;
  /** How a virtual disk is cached by the host. */
  readonly diskCache: 'none' | 'writeback';
  readonly network: 'bridge' | 'none';
  /** Host CPUs of a client that measures the instance from outside; the instance's own are not among them where it can be. */
  readonly clientCpus: readonly number[];
}

/** What the kernel or the domain really gave, read back after the start. Null: not applicable or not readable. */
export interface EffectiveLimits {
  readonly cpus: readonly number[] | null;
  readonly memoryBytes: number | null;
  /** Swap that the instance may use beside its memory. */
  readonly swapBytes: number | null;
  /** CPU time per second allowed by a quota, in CPUs; null without a quota. */
  readonly cpuQuota: number | null;
  /** Field `Seccomp` of /proc/PID/status: 0 off, 1 strict, 2 filter. */
  readonly seccomp: number | null;
  /** Field `CapEff` of /proc/PID/status, 16 hex digits. */
  readonly capabilities: string | null;
  /** The AppArmor label of the instance's first process; `unconfined` where none is applied. */
  readonly apparmor: string | null;
  readonly vcpus: number | null;
  readonly emulatorCpus: readonly number[] | null;
  readonly diskCache: string | null;
  readonly accelerator: Accelerator;
  /** `uname -r` as the instance sees it. */
  readonly kernel: string | null;
  /** The choice in brackets of /sys/kernel/mm/transparent_hugepage/enabled on the side that decides. */
  readonly hugePages: string | null;
}

/** A difference from the spec that is part of what the runner is, and why. */
export interface DesignedDifference {
  readonly limit: keyof EffectiveLimits;
  readonly why: string;
}

/** What a runner is and can do on this host. New fields must be optional, so that third-party runners keep compiling. */
export interface Capabilities {
  readonly isolation: Isolation;
  readonly accelerator: Accelerator;
  /** The marks that this runner can really observe; `launched` and `api` always. */
  readonly marks: readonly MarkName[];
  readonly designed: readonly DesignedDifference[];
  /** Whether KVM itself runs inside a VM. */
  readonly nested?: boolean;
}

export type Support =
  | {
      readonly ok: true;
      /** The id under which its cells appear: TCG runs under a name of its own. */
      readonly as: string;
      /** What people read, e.g. `QEMU TCG (emulated, not KVM)`. */
      readonly title: string;
      readonly capabilities: Capabilities;
      readonly versions: Readonly<Record<string, string>>;
    }
  | { readonly ok: false; readonly code: string; readonly reason: string; readonly hint: string };

export type OptionValue = string | number | boolean;

/** Values of a runner's options by name, every default written out. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** A setting that is one runner's own, beside what every runner is asked for alike. */
export interface RunnerOption {
  /** In camel case, e.g. `cpuModel`. */
  readonly name: string;
  /** What it decides, in a line. */
  readonly what: string;
  /** Every value that it may have; `count`: a whole number from 0 on; `text`: one line. */
  readonly values: readonly OptionValue[] | 'count' | 'text';
  /** As its instances are without a word: what makes them equal to those of other runners. */
  readonly default: OptionValue;
}

/** What a probe may know about the host. */
export interface HostContext {
  readonly stateDir: string;
  /** `auto` takes KVM where it works and TCG otherwise; `kvm` refuses to run emulated. */
  readonly accel: 'auto' | 'kvm' | 'tcg';
  readonly signal: AbortSignal;
  /** Of the runner that is asked. Absent: every option has its default. */
  readonly options?: OptionValues;
}

export interface RunContext {
  readonly owner: Owner;
  readonly stateDir: string;
  /** `<state>/runs/<tag>`: scratch of this run, reachable by libvirt's user, removed at its end. */
  readonly runDir: string;
  readonly accel: HostContext['accel'];
  readonly signal: AbortSignal;
  /** From t0 until `ready`; then the start has failed. */
  readonly startTimeoutMs: number;
  /** A distribution's qcow2 cloud image (absolute path) in place of the full-system runner's own build. */
  readonly vmImage?: string;
  /** Of the runner that prepares. Absent: every option has its default. */
  readonly options?: OptionValues;
}

/** What one start may have otherwise than the spec. */
export interface StartOptions {
  /** Host CPUs of this instance instead of the spec's; as many vCPUs as CPUs. */
  readonly cpus?: readonly number[];
  /** Whether the first answer over the network is waited for, and stamped as `reachable`; without one in time it is missing. */
  readonly reach?: boolean;
}

export interface SweepContext {
  readonly stateDir: string;
  readonly signal: AbortSignal;
  /** Report what would be removed, and remove nothing. */
  readonly dryRun: boolean;
}

/** One command of a launch, as it was run. */
export interface LaunchCommand {
  readonly argv: readonly string[];
  readonly startedNs: bigint;
  readonly endedNs: bigint;
}

export interface ExecOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly input?: string;
  /** Bytes of stdout and of stderr to keep, each; more is an error. Default 1 MiB. */
  readonly maxBytes?: number;
}

/** The result of a program that ran to its end, whatever its exit code. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program inside whose start and end were announced over the mark channel. */
export interface TimedResult extends ExecResult {
  /** When "start" and "end" arrived, on the host's monotonic clock. */
  readonly startedNs: bigint;
  readonly endedNs: bigint;
  /** Nanoseconds from start to end on the clock inside. */
  readonly insideNs: number;
}

/** How an instance ended: `gone` is when its last process or its domain was observed gone. */
export interface Ending {
  readonly startedNs: bigint;
  readonly goneNs: bigint;
  /** The deadline passed and the instance had to be killed; the duration is then a lower bound. */
  readonly timedOut: boolean;
}

/** One started box. Disposing kills it if it lives and removes everything made for it; disposing twice is fine. */
export interface Instance extends AsyncDisposable {
  readonly ref: ResourceRef;
  /** Where the workload keeps its data and listens, as seen from inside. */
  readonly placement: Placement;
  readonly marks: readonly Mark[];
  /** The exact commands of the launch, in order. */
  readonly launch: readonly LaunchCommand[];
  /** Text files worth keeping in the bundle's logs (domain XML, OCI config), by file name. */
  readonly logs: Readonly<Record<string, string>>;
  /** Runs a program inside to its end. Throws CommandError when it could not be run, or on deadline or flood. */
  exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /**
   * As exec(), with start and end announced over the mark channel. One at a time.
   * Throws WorkloadError `MARK_TIMEOUT` or `MARK_PROTOCOL` where an announcement did not come.
   */
  timed(argv: readonly string[], options: ExecOptions): Promise<TimedResult>;
  /**
   * Its IPv4 address as `client` reaches it: on the run's bridge, loopback natively; null without a network.
   */
  readonly address: string | null;
  /**
   * Runs a program of the same tree outside the box, on the spec's client CPUs, from another port of the instance's bridge
   * (natively: on the host). Throws ResourceError `NO_NETWORK` without a network, `BRIDGE_BLOCKED` where the host's packet
   * filter stands in the way, CommandError as exec().
   */
  client(argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  describe(): Promise<EffectiveLimits>;
  /** Asks over the mark channel and waits for the echo; nanoseconds of the round trip. */
  ping(timeoutMs: number): Promise<number>;
  /**
   * CPU nanoseconds that the instance has used so far, from its cgroup or its threads (daemons not included); null where
   * the host gives no such figure.
   */
  cpuNs(): Promise<number | null>;
  /** Host paths (files or folders) that hold this instance's own data and nothing shared. */
  diskPaths(): readonly string[];
  /**
   * Allocated bytes (512 × st_blocks) of its own data where that lies on a disk which instances share, as that disk's own
   * file system counts them; `diskPaths()` has none of it. Absent: all of it is there.
   */
  diskBytes?(): Promise<number>;
  /** Ends the instance: `stop` asks (SIGTERM, ACPI) and kills at the deadline, `kill` does not ask. At most once. */
  end(how: 'stop' | 'kill', timeoutMs: number): Promise<Ending>;
}

/** What all instances of one spec share. Disposing removes it (not the image in the store). */
export interface Prepared extends AsyncDisposable {
  /** Identity of what will be started; goes into the manifest. */
  readonly digest: string;
  /** Bytes that must be shipped to another host to start the first instance, compressed, by part. */
  distribution(): Promise<Readonly<Record<string, number>>>;
  /** Host paths (files or folders) that the first instance needs on disk, without its own writable part; none twice. */
  imagePaths(): Promise<readonly string[]>;
  /** Processes (pids) of daemons that work for an instance's start outside of it. */
  daemons(): Promise<readonly number[]>;
  /**
   * The timed part: everything made for this instance alone, until `ready`. Concurrency-safe.
   * Throws StartError with the marks that were reached; by then everything made has been removed.
   */
  start(run: RunContext, index: number, options?: StartOptions): Promise<Instance>;
  /** Where a VM's image comes from, as it stands in a sentence: `our minimal build`. Default: that. */
  readonly provenance?: string;
}

/** A way to put a workload into a box. */
export interface Runner {
  readonly id: string;
  readonly apiVersion: 1;
  /** What can be chosen about it. Default: nothing. */
  readonly options?: readonly RunnerOption[];
  /** Side-effect free, never throws for a missing tool: says what is missing and the package that brings it. */
  probe(host: HostContext): Promise<Support>;
  /** Untimed and idempotent; makes only what all instances share. */
  prepare(spec: InstanceSpec, run: RunContext): Promise<Prepared>;
  /** Idempotent: removes what is ours and matches, tolerates what is gone; returns what it removed (or would). */
  sweep(owner: OwnerFilter, run: SweepContext): Promise<readonly ResourceRef[]>;
}

/** The identity that lets a user's module be told from something else. */
export function defineRunner(runner: Runner): Runner {
  return runner;
}

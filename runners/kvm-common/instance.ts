import { CleanupError } from '../../bench/errors.ts';
import type { Mark } from '../../bench/model/mark.ts';
import type { ResourceRef } from '../../bench/model/owner.ts';
import type {
  EffectiveLimits,
  Ending,
  ExecOptions,
  ExecResult,
  Instance,
  LaunchCommand,
  TimedResult,
} from '../../bench/model/runner.ts';
import type { Placement } from '../../bench/model/workload.ts';
import { nowNs, waitUntil } from '../../bench/proc/clock.ts';
import { execInGuest } from '../../vms/guest-agent.ts';
import type { QemuProcess } from '../../vms/qemu-process.ts';
import type { Client } from '../shared/client.ts';
import type { MarkChannel } from '../shared/mark-channel.ts';
import { timedRun } from '../shared/timed.ts';
import type { Domain } from './hypervisor.ts';
import { describeGuest } from './limits.ts';

/** Of what was told to end; libvirt gives up on a process that does not go after 15 s. */
const GONE_TIMEOUT_MS = 30_000;
const POLL_MS = 1;

export interface GuestParts {
  readonly domain: Domain;
  readonly placement: Placement;
  readonly address: string | null;
  /** The same with the length of its subnet's prefix. */
  readonly withPrefix: string | null;
  readonly marks: readonly Mark[];
  readonly launch: readonly LaunchCommand[];
  readonly logs: Readonly<Record<string, string>>;
  /** Files with its own data and nothing shared. */
  readonly ownFiles: readonly string[];
  /** What runs the helper for programs, as the guest's agent sees it. */
  readonly helper: readonly string[];
  readonly qemu: QemuProcess;
  readonly channel: MarkChannel;
  readonly client: Client;
  /** Removes all that was made for this guest. */
  readonly owned: AsyncDisposableStack;
}

/** A guest that became ready. */
export class Guest implements Instance {
  readonly ref: ResourceRef;
  readonly placement: Placement;
  readonly address: string | null;
  /** The same with the length of its subnet's prefix. */
  readonly withPrefix: string | null;
  readonly marks: readonly Mark[];
  readonly launch: readonly LaunchCommand[];
  readonly logs: Readonly<Record<string, string>>;
  readonly #domain: Domain;
  readonly #ownFiles: readonly string[];
  readonly #helper: readonly string[];
  readonly #qemu: QemuProcess;
  readonly #channel: MarkChannel;
  readonly #client: Client;
  readonly #owned: AsyncDisposableStack;

  constructor(parts: GuestParts) {
    this.ref = parts.domain.ref;
    this.placement = parts.placement;
    this.address = parts.address;
    this.withPrefix = parts.withPrefix;
    this.marks = parts.marks;
    this.launch = parts.launch;
    this.logs = parts.logs;
    this.#domain = parts.domain;
    this.#ownFiles = parts.ownFiles;
    this.#helper = parts.helper;
    this.#qemu = parts.qemu;
    this.#channel = parts.channel;
    this.#client = parts.client;
    this.#owned = parts.owned;
  }

  /** Whether its process runs. */
  get isAlive(): boolean {
    return this.#qemu.isAlive;
  }

  async exec(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    return await execInGuest(this.#domain.agent, argv, options, this.#helper);
  }

  async timed(argv: readonly string[], options: ExecOptions): Promise<TimedResult> {
    const exec: Instance['exec'] = (words, limits) => this.exec(words, limits);
    return await timedRun({ channel: this.#channel, exec }, argv, options);
  }

  async client(argv: readonly string[], options: ExecOptions): Promise<ExecResult> {
    const target = { address: this.address, port: this.placement.port };
    return await this.#client.exec(target, argv, options);
  }

  async describe(): Promise<EffectiveLimits> {
    return await describeGuest(this.#domain, this.#qemu, (argv, options) => this.exec(argv, options));
  }

  async ping(timeoutMs: number): Promise<number> {
    return await this.#channel.ping(timeoutMs);
  }

  async cpuNs(): Promise<number | null> {
    return this.#qemu.cpuNs();
  }

  diskPaths(): readonly string[] {
    return this.#ownFiles;
  }

  /**
   * `goneNs` is when the last process ended. What libvirt does after that is awaited but does not count: it waits in steps of
   * 200 ms until the host's PID 1 has reaped that process.
   */
  async end(how: 'stop' | 'kill', timeoutMs: number): Promise<Ending> {
    const startedNs = nowNs();
    const asked = how === 'stop' ? this.#domain.pressPowerButton() : this.#domain.destroy();
    // The process may be gone before virsh has returned.
    const [endedNs] = await Promise.all([this.#ended(timeoutMs), asked]);
    if (endedNs === undefined) await this.#domain.destroy();
    const goneNs = endedNs ?? (await this.#ended(GONE_TIMEOUT_MS)) ?? nowNs();
    if (await waitUntil(() => this.#qemu.isGone, { timeoutMs: GONE_TIMEOUT_MS, everyMs: POLL_MS })) {
      return { startedNs, goneNs, timedOut: endedNs === undefined };
    }
    throw new CleanupError('DOMAIN_STAYS', `the domain ${this.#domain.name} does not go`, {
      hint: `try: ${this.#domain.removal}`,
    });
  }

  async #ended(timeoutMs: number): Promise<bigint | undefined> {
    const ended = await waitUntil(() => !this.#qemu.isAlive, { timeoutMs, everyMs: POLL_MS });
    return ended ? nowNs() : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

import type { ResourceRef } from '../../bench/model/owner.ts';
import type { LaunchCommand } from '../../bench/model/runner.ts';
import type { DomainSpec } from '../../vms/domain-xml.ts';
import type { GuestAgent } from '../../vms/guest-agent.ts';
import type { QemuProcess } from '../../vms/qemu-process.ts';
import type { GuestPlan } from './kind.ts';

/** What bounds the start of a domain, where it can be bounded. */
export interface CreateLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** One guest as whoever runs it knows it: before, while and after it runs. */
export interface Domain {
  readonly name: string;
  /** How a sweep would call it; once it runs. */
  readonly ref: ResourceRef;
  /** Text files for the bundle: how it was asked for, and once it runs, what QEMU's arguments really are. */
  readonly logs: Readonly<Record<string, string>>;
  /** The process behind it, once it runs. @throws ResourceError `DOMAIN_GONE`. */
  readonly process: QemuProcess;
  readonly agent: GuestAgent;
  /** How people remove it where tare cannot. */
  readonly removal: string;
  /** Writes the files that `create` reads. */
  writeFiles(): Promise<void>;
  /** Runs it. When the last command has ended, its devices are there and it runs. */
  create(limits: CreateLimits): Promise<readonly LaunchCommand[]>;
  /** What is left to be done while it boots; to be called once, right after `create`. */
  attend(limits: CreateLimits): Promise<void>;
  /** What the emulator answers to a QMP command. @throws ParseError `QMP_ANSWER`. */
  monitor(command: string): Promise<unknown>;
  vcpus(): Promise<number | null>;
  pressPowerButton(): Promise<void>;
  /** Pulls the plug; one that is gone or never came to be is fine. */
  destroy(): Promise<void>;
  /** Ends it and waits until nothing of it is left, its files apart. @throws ResourceError `DOMAIN_STAYS`. */
  remove(): Promise<void>;
}

/** What runs guests: libvirt, or QEMU alone. */
export interface Hypervisor {
  /** @param plan its folder is there by the time that files are written. @throws UnsupportedError for what it cannot run. */
  domain(spec: DomainSpec, plan: GuestPlan): Domain;
}

import type { InstanceSpec, LaunchCommand } from '../../bench/model/runner.ts';
import type { Placement } from '../../bench/model/workload.ts';
import type { BootSigns } from '../../vms/console.ts';
import type { DomainSpec } from '../../vms/domain-xml.ts';
import type { Hardware } from '../../vms/hardware.ts';
import type { AddressLease, RunBridge } from '../shared/bridge.ts';
import type { Client } from '../shared/client.ts';
import type { Hypervisor } from './hypervisor.ts';

/** One guest before its start: names, places, and its address. */
export interface GuestPlan {
  /** Tells it from the others of its preparation and kind. */
  readonly index: number;
  /** The domain's name. */
  readonly name: string;
  /** Its own folder, below the run's. */
  readonly folder: string;
  readonly lease: AddressLease | undefined;
  /** Of its network interface; undefined without a network. */
  readonly mac: string | undefined;
}

/** What differs between guests in the way they are booted. The FIFOs of its ports are made before the clock starts. */
export type Machine = Pick<
  DomainSpec,
  'boot' | 'base' | 'readOnlyDisks' | 'firmwareEntries' | 'translationCacheMib' | 'ports'
>;

/** What all guests of one spec share, and what tells one kind of guest from the other. */
export interface GuestKind {
  /** Begins the last part of a domain's name and of its folder, before the index. */
  readonly prefix: GuestPrefix;
  readonly hypervisor: Hypervisor;
  readonly spec: InstanceSpec;
  readonly accelerator: 'kvm' | 'tcg';
  readonly hardware: Hardware;
  readonly placement: Placement;
  readonly bridge: RunBridge | null;
  readonly client: Client;
  /** How the points of a boot show on the console. */
  readonly signs: BootSigns;
  /** What runs the helper that bounds a program (vms/guest/run.c), as the guest's agent sees it. */
  readonly helper: readonly string[];
  /** Text files that say what its disk is, for the bundle. */
  readonly logs?: Readonly<Record<string, string>>;
  machine(plan: GuestPlan): Machine;
  /** Makes files in the guest's folder that it alone needs; part of the start. */
  makeFiles?(plan: GuestPlan): Promise<readonly LaunchCommand[]>;
}

export const GUEST_PREFIXES = { direct: 'vm', system: 'sys', qemu: 'qemu', runcIn: 'rin', dockerIn: 'din' } as const;
export type GuestPrefix = (typeof GUEST_PREFIXES)[keyof typeof GUEST_PREFIXES];

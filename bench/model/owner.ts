/** Who a resource on the host belongs to: one process of one run on one boot. */
export interface Owner {
  readonly runId: string;
  /** Six lower-case hex digits, unique on the host; part of the name of everything that the run creates. */
  readonly tag: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot; tells a reused pid from the owner. */
  readonly startTime: string;
  /** /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
}

export type ResourceKind =
  | 'process'
  | 'container'
  | 'domain'
  | 'image'
  | 'network'
  | 'netns'
  | 'link'
  | 'rule'
  | 'mount'
  | 'cgroup'
  | 'folder'
  | 'setting';

/** One thing on the host that tare made. */
export interface ResourceRef {
  readonly kind: ResourceKind;
  /** The name or path by which the host knows it. */
  readonly id: string;
  /** The owner's tag. */
  readonly tag: string;
}

/** Decides by tag whose resources a sweep may remove. */
export interface OwnerFilter {
  matches(tag: string): boolean;
}

import type { GuestKind } from '../kvm-common/kind.ts';

/** Where the guests of one spec boot from, and what is said of it. */
export interface GuestSource {
  readonly provenance: string;
  /** Everything that decides what is started; becomes part of the digest. */
  readonly identity: unknown;
  readonly how: Pick<GuestKind, 'signs' | 'helper' | 'logs' | 'machine' | 'makeFiles'>;
  distribution(): Promise<Readonly<Record<string, number>>>;
  imagePaths(): readonly string[];
}

/** A whole system runs so much code that a small cache is thrown away over and over: 20 s of a CPU for a boot, not 27. */
export const TRANSLATION_CACHE_MIB = 128;

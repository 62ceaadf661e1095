import type { Flavour } from './workload.ts';

/** One package of the root tree. */
export interface ImagePackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** SHA-256 of the .deb that was unpacked, as the archive's index states it; null where the index lacks it. */
  readonly sha256: string | null;
}

/** What a flavour's tree holds beyond another image's, which it contains whole and unchanged. */
export interface ImageLayer {
  /** Digest of the image below. */
  readonly on: string;
  /** What was added, with its version, by name. */
  readonly adds: Readonly<Record<string, string>>;
}

/** What `image.json` beside an image holds. */
export interface ImageManifest {
  readonly schema: 1;
  /** `sha256:…` over the tree's canonical listing: path, type, mode, owner, size, link target and content hash. */
  readonly digest: string;
  /** Default: `base`. */
  readonly flavour?: Flavour;
  /** Absent in a base. */
  readonly layer?: ImageLayer;
  readonly recipe: {
    /** 64 hex digits over everything that decides what is built, the probe's source included. */
    readonly id: string;
    readonly suite: string;
    readonly variant: string;
    readonly include: readonly string[];
  };
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly architecture: 'amd64';
  readonly packages: readonly ImagePackage[];
  /** SHA-256 and bytes of every artefact file beside the tree, by file name. */
  readonly artefacts: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

/** An image that is complete on this host. All paths are absolute. */
export interface Image {
  readonly manifest: ImageManifest;
  /** The image's own folder, `<state>/images/<first 16 hex of the digest>`. */
  readonly folder: string;
  /** The root file tree; never written to after the build. */
  readonly tree: string;
  /** The same tree as one deterministic uncompressed tar, for `docker build` and shipping. */
  readonly archive: string;
  /** `archive` compressed with gzip, as registries ship layers. */
  readonly compressedArchive: string;
}

/** Where things are inside every instance, whatever the runner. All exist in the tree. */
export const INSIDE = {
  /** The static supervisor and readiness probe; the entry point of every instance. */
  probe: '/tare/probe',
  /** Announcements, instance to host: a bind-mounted FIFO in containers. */
  marks: '/tare/marks',
  /** Requests, host to instance: a bind-mounted FIFO in containers. */
  commands: '/tare/commands',
  /** Name of the abstract UNIX socket on which programs inside announce their start and end to the probe. */
  announce: 'tare',
  /** Where workloads keep their data; on the instance's own writable storage. */
  data: '/tare/data',
} as const;

/** Where the flavour `node` has what it adds. */
export const NODE_LAYER = {
  node: '/usr/local/bin/node',
  /** The runner of tinybench suites; `bench/workloads/suite/run.ts` says how it is called. */
  runner: '/tare/suite/run.ts',
  /** tare's own suite. */
  shipped: '/tare/suite/shipped.bench.ts',
} as const;

import type { Step } from '../../bench/proc/launcher.ts';
import type { Layout } from '../oci/layout.ts';
import type { CgroupDriver } from '../oci/runtime.ts';

/** What one instance is to be, without its limits. */
export interface BoxOptions {
  readonly paths: Layout;
  /** The image's tree. */
  readonly tree: string;
  /** The entry point. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly driver: CgroupDriver;
  /** Folders of its cgroup of version 1. */
  readonly cgroupFolders: readonly string[];
}

/** How an instance is launched, once its network is there. */
export interface BoxLaunch {
  /** To be written into its folder; kept in the bundle. */
  readonly files: Readonly<Record<string, string>>;
  /** Run before the command. */
  readonly steps: readonly Step[];
  /** Run in the instance's cgroup; writes the pid that `BoxKind.first` takes. */
  readonly command: readonly string[];
}

/** A way to make a container whose cgroup and network are made for it, and that programs enter by nsenter(1). */
export interface BoxKind {
  /** The runner's id. */
  readonly id: string;
  readonly hierarchies: 'limiting' | 'all';
  /** FIFOs in an instance's folder by which the launch learns that the box runs: instruments, made before the clock starts. */
  readonly fifos: readonly string[];
  /** AppArmor's profile of what runs inside; undefined where none is applied. */
  profile(): string | undefined;
  /** Pure but for looks at the host. */
  launch(options: BoxOptions): BoxLaunch;
  /** The first process inside, once it has said that it runs. @param pid as the launch wrote it. @throws ResourceError. */
  first(pid: number, name: string): number;
  /** Removes what else the program makes under this name; what is gone is fine. */
  forget(name: string): Promise<void>;
}

import type { Announcement } from '../shared/mark-channel.ts';
import type { Layout } from './layout.ts';

/** What tells one kind of container from another. */
export interface LxcKind {
  /** The runner's id. */
  readonly id: string;
  /** The root file tree that all instances lie on. */
  readonly tree: string;
  /** argv of process 1. */
  readonly init: readonly string[];
  /** Signal that asks it to end. */
  readonly haltSignal: string;
  /** What is awaited on the mark channel, in order; each becomes the mark of that name. */
  readonly announcements: readonly Announcement[];
  /** Host file that gets what is written to the console. */
  readonly console: (paths: Layout) => string;
  /** Lines of the configuration beside those that every container has. */
  readonly lines: (paths: Layout) => readonly string[];
  /** Files worth keeping that are the same for all, by name. */
  readonly logs: Readonly<Record<string, string>>;
}

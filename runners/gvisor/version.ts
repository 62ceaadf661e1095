/** What `runsc --version` calls itself, e.g. `0.0~20221219.0` or `release-20240807.0`. */
export function parseVersion(text: string): string {
  return /^runsc version (\S+)/m.exec(text)?.[1] ?? 'unknown';
}

/** From this release on it tells network namespaces apart on every kernel. */
const TOLD_APART = 20_240_801;

/** Whether this version tells a network namespace from the host's on every kernel; one without a date may not. */
export function tellsNamespacesApart(version: string): boolean {
  const date = /(?:^|\D)(20\d{6})(?:\D|$)/.exec(version)?.[1];
  return date !== undefined && Number(date) >= TOLD_APART;
}

/** What `runsc flags` says of its options. */
export interface RunscFlags {
  readonly names: ReadonlySet<string>;
  /** What `-platform` may be. */
  readonly platforms: readonly string[];
  /** What it is without a word; undefined where it does not say. */
  readonly platform: string | undefined;
}

export function parseFlags(text: string): RunscFlags {
  const names = [...text.matchAll(/^ {2}-(\S+)/gm)].map(([, name = '']) => name);
  const [, choices = '', platform] = /^ {2}-platform string\n[^:\n]*: (.*)\. \(default "(\w+)"\)$/m.exec(text) ?? [];
  const platforms = choices.split(', ').map((choice) => choice.replace(' (default)', ''));
  return { names: new Set(names), platforms, platform };
}

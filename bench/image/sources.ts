import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../errors.ts';
import { exec } from '../proc/exec.ts';

/** One place that the host gets packages from. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Absolute paths of keyrings; empty where the host trusts it by other means. */
  readonly signedBy: readonly string[];
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function keyrings(text: string | undefined): readonly string[] {
  return words(text?.replaceAll(',', ' ')).filter((word) => word.startsWith('/'));
}

/** Entries of a one-line-style file (`sources.list`); source packages and comments are left out. */
export function parseOneLine(text: string): readonly AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    const [, options, uri, suite, components] = match ?? [];
    if (uri === undefined || suite === undefined) return [];
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options ?? '')?.[1];
    return [{ uri, suite, components: words(components), signedBy: keyrings(signedBy) }];
  });
}

/** Entries of a deb822-style file (`*.sources`), one for each of its URIs and suites; disabled ones are left out. */
export function parseDeb822(text: string): readonly AptSource[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n{2,}/)
    .flatMap((paragraph) => {
      const fields = new Map(
        [...paragraph.matchAll(/^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)].map(([, name = '', value = '']) => [
          name.toLowerCase(),
          value,
        ]),
      );
      if (!words(fields.get('types')).includes('deb') || /^(no|false|0)$/i.test(fields.get('enabled') ?? '')) return [];
      return words(fields.get('uris')).flatMap((uri) =>
        words(fields.get('suites')).map((suite) => ({
          uri,
          suite,
          components: words(fields.get('components')),
          signedBy: keyrings(fields.get('signed-by')),
        })),
      );
    });
}

/**
 * The host's own sources of the recipe's suite with its updates and security fixes, as one-line entries. Empty where the
 * host runs another release: mmdebstrap then takes its default, since a host's mirror need not carry the suite.
 */
export function sourceLines(
  sources: readonly AptSource[],
  wanted: { readonly suite: string; readonly components: readonly string[] },
): readonly string[] {
  const suites = [wanted.suite, `${wanted.suite}-updates`, `${wanted.suite}-security`];
  const lines = sources
    .filter((source) => suites.includes(source.suite))
    .filter((source) => wanted.components.every((component) => source.components.includes(component)))
    .map(({ uri, suite, signedBy }) => {
      const options = signedBy.length === 0 ? '' : `[signed-by=${signedBy.join(',')}] `;
      return `deb ${options}${uri} ${suite} ${wanted.components.join(' ')}`;
    });
  return lines.some((line) => line.includes(` ${wanted.suite} `)) ? [...new Set(lines)] : [];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Reads what apt on this host would read; an unreadable file counts as empty. */
export function hostSources(aptDir = '/etc/apt'): readonly AptSource[] {
  const folder = join(aptDir, 'sources.list.d');
  let names: readonly string[] = [];
  try {
    names = readdirSync(folder).toSorted();
  } catch {
    // No such folder: sources.list alone decides.
  }
  return [
    ...parseOneLine(readText(join(aptDir, 'sources.list'))),
    ...names.filter((name) => name.endsWith('.list')).flatMap((name) => parseOneLine(readText(join(folder, name)))),
    ...names.filter((name) => name.endsWith('.sources')).flatMap((name) => parseDeb822(readText(join(folder, name)))),
  ];
}

/** Options without which the host's mirrors may be out of reach: proxies, and the checks that old snapshots fail. */
const KEPT_OPTIONS = /^Acquire::(?:https?::Proxy(?:::\S+)?|Check-Valid-Until|Check-Date) "[^"]*";$/;

/** The kept lines of an `apt-config dump`. */
export function keptAptOptions(dump: string): readonly string[] {
  return dump.split('\n').filter((line) => KEPT_OPTIONS.test(line));
}

/** The host's apt options that the build needs too; none where there is no apt. */
export async function hostAptOptions(signal: AbortSignal): Promise<readonly string[]> {
  try {
    return keptAptOptions((await exec(['apt-config', 'dump'], { signal })).stdout);
  } catch (error) {
    if (codeOf(error) === 'TOOL_MISSING') return [];
    throw error;
  }
}

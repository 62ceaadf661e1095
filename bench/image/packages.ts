import type { ImagePackage } from '../model/image.ts';

/** Fields of one paragraph of a Debian control file; continuation lines are dropped, since no field needed here has any. */
function fieldsOf(paragraph: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of paragraph.split('\n')) {
    const match = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) fields.set(match[1].toLowerCase(), match[2].trim());
  }
  return fields;
}

function paragraphsOf(text: string): readonly ReadonlyMap<string, string>[] {
  return text
    .split(/\n{2,}/)
    .filter((paragraph) => paragraph.trim() !== '')
    .map(fieldsOf);
}

function keyOf(fields: ReadonlyMap<string, string>): string {
  return [fields.get('package'), fields.get('version'), fields.get('architecture')].join(' ');
}

/**
 * The installed packages, sorted by name, with the hash that the archive's index states for exactly that version.
 * @param status text of dpkg's status file. @param indexes texts of apt's `Packages` files.
 */
export function installedPackages(status: string, indexes: readonly string[]): readonly ImagePackage[] {
  const installed = paragraphsOf(status).filter((fields) => fields.get('status') === 'install ok installed');
  const wanted = new Set(installed.map(keyOf));
  const hashes = new Map<string, string>();
  for (const index of indexes) {
    for (const fields of paragraphsOf(index)) {
      const key = keyOf(fields);
      const sha256 = fields.get('sha256');
      if (wanted.has(key) && sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256)) hashes.set(key, sha256);
    }
  }
  return installed
    .map((fields) => ({
      name: fields.get('package') ?? '',
      version: fields.get('version') ?? '',
      architecture: fields.get('architecture') ?? '',
      sha256: hashes.get(keyOf(fields)) ?? null,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

import { ParseError } from '../errors.ts';
import { INSIDE } from '../model/image.ts';
import type { ListingEntry } from './listing.ts';
import { RECIPE } from './recipe.ts';

const SET_ID_BITS = 0o6000;

function refuse(why: string): ParseError {
  return new ParseError('IMAGE_ARCHIVE', `refused: ${why}`, { hint: 'take the file only from somebody you trust' });
}

/** One line of `tar --list --verbose --numeric-owner`: type, size and the rest; undefined where it is none. */
function verboseLine(line: string): { readonly type: string; readonly bytes: number } | undefined {
  const match = /^([-dlhcbpsS])\S{9}\S* +\d+\/\d+ +(?:(\d+)|\d+,\d+) /.exec(line);
  return match?.[1] === undefined ? undefined : { type: match[1], bytes: Number(match[2] ?? 0) };
}

/**
 * Reads the listing of an exported file: exactly an image.json and a tree.tar, both plain files. Returns their bytes.
 * @throws ParseError `IMAGE_ARCHIVE`.
 */
export function checkExport(verbose: string, names: readonly [string, string]): readonly [number, number] {
  const lines = verbose.split('\n').filter((line) => line !== '');
  const [first, second] = names.map((name, index) => {
    const line = lines[index] ?? '';
    const entry = verboseLine(line);
    if (entry?.type !== '-' || !line.endsWith(` ${name}`)) throw refuse(`it does not hold ${names.join(' and ')}`);
    return entry.bytes;
  });
  if (lines.length !== names.length) throw refuse(`it holds more than ${names.join(' and ')}`);
  return [first ?? 0, second ?? 0];
}

/**
 * Judges the listings of a tree's tar before anything is unpacked.
 * @param plain one escaped name a line. @param verbose the same entries with type and size. @param tarBytes size of the tar:
 * contents that are larger than it are holes, and would fill nothing but the time of whoever reads them.
 * @throws ParseError `IMAGE_ARCHIVE`.
 */
export function checkTreeNames(plain: string, verbose: string, tarBytes: number): void {
  for (const name of plain.split('\n')) {
    if (name.startsWith('/')) throw refuse(`the tree holds the absolute path ${name}`);
    if (name.split('/').includes('..')) throw refuse(`the tree holds the path ${name}`);
  }
  let bytes = 0;
  for (const line of verbose.split('\n').filter((text) => text !== '')) {
    const entry = verboseLine(line);
    if (entry === undefined || !'-dlhc'.includes(entry.type)) throw refuse('the tree holds an entry of a strange type');
    bytes += entry.bytes;
  }
  if (bytes > tarBytes) throw refuse('the tree holds more bytes than its archive');
}

/**
 * Judges an unpacked tree: no device but the harmless ones of the recipe, no program that raises rights, nothing to wait on,
 * and the probe in its place.
 * @throws ParseError `IMAGE_ARCHIVE`.
 */
export function checkTree(entries: readonly ListingEntry[]): void {
  const devices = new Map<string, string>(
    Object.entries(RECIPE.devices).map(([name, [major, minor]]) => [`dev/${name}`, `${major}:${minor}`]),
  );
  for (const { path, type, mode, content } of entries) {
    if (type === 'block' || type === 'fifo' || type === 'socket') throw refuse(`the tree holds a ${type} at /${path}`);
    if (type === 'character' && devices.get(path) !== content) throw refuse(`the tree holds a device at /${path}`);
    if (type === 'file' && (mode & SET_ID_BITS) !== 0)
      throw refuse(`/${path} is a set-user-id or set-group-id program`);
  }
  const probe = entries.find(({ path }) => path === INSIDE.probe.slice(1));
  if (probe?.type !== 'file') throw refuse(`the tree has no ${INSIDE.probe}`);
}

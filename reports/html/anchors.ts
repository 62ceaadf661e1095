import type { Cell, Result } from '../../bench/model/result.ts';

/** For the id of an element. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 100);
}

/** Ids of the evidence rows: readable, and unique whatever the keys hold. */
export class Anchors {
  readonly #ids = new Map<string, string>();

  constructor(result: Result) {
    const taken = new Set<string>();
    for (const { key } of result.cells) {
      const readable = `cell-${slug(key)}`;
      let id = readable;
      for (let again = 2; taken.has(id); again += 1) id = `${readable}-${again}`;
      taken.add(id);
      this.#ids.set(key, id);
    }
  }

  of(cell: Pick<Cell, 'key'>): string {
    return this.#ids.get(cell.key) ?? 'evidence';
  }
}

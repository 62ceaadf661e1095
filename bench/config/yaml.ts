import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';

/** The node at a path, or the deepest one on the way there. */
function nodeAt(root: Node | null, path: readonly PropertyKey[]): Node | null {
  let node = root;
  for (const step of path) {
    let next: unknown;
    if (isMap(node))
      next = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(step))?.value;
    else if (isSeq(node)) next = node.items[Number(step)];
    if (next === undefined || next === null) return node;
    node = next as Node;
  }
  return node;
}

/** One YAML text that somebody wrote: its contents, and where in it a value stands. */
export interface YamlText {
  /** The contents as plain values; an empty text is an empty object. */
  readonly raw: unknown;
  /** One line for each issue: `name:line:column: path: what is wrong`. */
  readonly complaints: (issues: readonly Pick<z.core.$ZodIssue, 'path' | 'message'>[]) => string;
}

/**
 * Reads a YAML text. Aliases are bounded, so that a small file cannot become a huge one.
 * @param name what complaints call the text: a file's name. @throws ConfigError `BAD_YAML`.
 */
export function readYaml(name: string, text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) => {
    if (offset === undefined) return name;
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken) throw new ConfigError('BAD_YAML', `${at(broken.pos[0])}: ${broken.message}`);
  return {
    raw: document.toJS({ maxAliasCount: 100 }) ?? {},
    complaints: (issues) =>
      issues
        .map(({ path, message }) => {
          const where = at(nodeAt(document.contents, path)?.range?.[0]);
          return `${where}: ${path.join('.') || 'the file'}: ${message}`;
        })
        .join('\n'),
  };
}

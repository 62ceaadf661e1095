import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError, messageOf } from '../errors.ts';
import { type ConfigFile, configFileSchema } from './schema.ts';

/** The node at a path, or the deepest one on the way there. */
function nodeAt(root: Node | null, path: readonly PropertyKey[]): Node | null {
  let node = root;
  for (const step of path) {
    let next: unknown;
    if (isMap(node)) next = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(step))?.value;
    else if (isSeq(node)) next = node.items[Number(step)];
    if (next === undefined || next === null) return node;
    node = next as Node;
  }
  return node;
}

/**
 * Reads a configuration from YAML text; every complaint names file, line and column.
 * @throws ConfigError `BAD_YAML`, `BAD_CONFIG`.
 */
export function parseConfig(text: string, fileName: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken) throw new ConfigError('BAD_YAML', `${at(broken.pos[0])}: ${broken.message}`);
  const parsed = configFileSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map((issue) => {
    const node = nodeAt(document.contents, issue.path);
    return `${at(node?.range?.[0] ?? 0)}: ${issue.path.join('.') || 'the file'}: ${issue.message}`;
  });
  throw new ConfigError('BAD_CONFIG', complaints.join('\n'), { hint: 'docs/method.md describes every setting' });
}

/**
 * Applies one `--set path=value`; the value is read as YAML.
 * @throws ConfigError `BAD_SET`, `BAD_CONFIG`.
 */
export function applySetting(file: Readonly<Record<string, unknown>>, setting: string): Record<string, unknown> {
  const [, path, value] = /^([a-zA-Z][\w.]*)=(.*)$/s.exec(setting) ?? [];
  if (path === undefined || value === undefined) {
    throw new ConfigError('BAD_SET', `--set ${setting}: expected path=value`, { hint: 'for example --set instance.memory=1GiB' });
  }
  let parsed: unknown;
  try {
    parsed = parseDocument(value).toJS();
  } catch (error) {
    throw new ConfigError('BAD_SET', `--set ${setting}: ${messageOf(error)}`);
  }
  const steps = path.split('.');
  const result = structuredClone(file) as Record<string, unknown>;
  let level = result;
  for (const step of steps.slice(0, -1)) {
    const next = level[step];
    level[step] = typeof next === 'object' && next !== null ? next : {};
    level = level[step] as Record<string, unknown>;
  }
  const last = steps.at(-1);
  if (last !== undefined) level[last] = parsed;
  return result;
}

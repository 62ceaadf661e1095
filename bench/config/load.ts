import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from '../errors.ts';
import { withDefaults } from './profiles.ts';
import { type Config, configFileSchema } from './schema.ts';

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

/** What a configuration is made of; later ones win: file, then flags, then `--set`. */
export interface ConfigSources {
  readonly file?: { readonly name: string; readonly text: string };
  /** What the command line's own flags say, in the file's form. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** `path=value`, the value read as YAML. */
  readonly settings?: readonly string[];
}

/**
 * The validated configuration with every default written out; complaints name file, line and column.
 * @throws ConfigError `BAD_YAML`, `BAD_SET`, `BAD_CONFIG`.
 */
export function resolveConfig(sources: ConfigSources): Config {
  const name = sources.file?.name ?? 'command line';
  const lines = new LineCounter();
  const document = parseDocument(sources.file?.text ?? '', { lineCounter: lines, prettyErrors: false });
  const at = (offset: number | undefined) => {
    if (offset === undefined) return name;
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken) throw new ConfigError('BAD_YAML', `${at(broken.pos[0])}: ${broken.message}`);
  const raw: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  const whole = typeof raw === 'object' && !Array.isArray(raw) ? { ...raw, ...sources.flags } : raw;
  for (const setting of sources.settings ?? []) applySetting(whole as Record<string, unknown>, setting);
  const parsed = configFileSchema.safeParse(whole);
  if (parsed.success) return withDefaults(parsed.data);
  const complaints = parsed.error.issues.map((issue) => {
    const where = at(nodeAt(document.contents, issue.path)?.range?.[0]);
    return `${where}: ${issue.path.join('.') || 'the file'}: ${issue.message}`;
  });
  throw new ConfigError('BAD_CONFIG', complaints.join('\n'), { hint: 'see "tare run --help" and docs/method.md' });
}

function applySetting(target: Record<string, unknown>, setting: string): void {
  const [, path, value] = /^([a-zA-Z]\w*(?:\.[a-zA-Z]\w*)*)=(.*)$/s.exec(setting) ?? [];
  if (path === undefined || value === undefined) {
    throw new ConfigError('BAD_SET', `--set ${setting}: expected path=value`, {
      hint: 'for example --set instance.memory=1GiB',
    });
  }
  const document = parseDocument(value);
  const [broken] = document.errors;
  if (broken) throw new ConfigError('BAD_SET', `--set ${setting}: ${broken.message}`);
  const steps = path.split('.');
  const last = steps.pop();
  let level = target;
  for (const step of steps) {
    const next = level[step];
    const copy: Record<string, unknown> = typeof next === 'object' && next !== null ? { ...next } : {};
    level[step] = copy;
    level = copy;
  }
  if (last !== undefined) level[last] = document.toJS();
}

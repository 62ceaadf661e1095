import { parseDocument } from 'yaml';
import { ConfigError } from '../errors.ts';
import { withDefaults } from './profiles.ts';
import { type Config, configFileSchema } from './schema.ts';
import { readYaml } from './yaml.ts';

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
  const { raw, complaints } = readYaml(sources.file?.name ?? 'command line', sources.file?.text ?? '');
  const whole = typeof raw === 'object' && !Array.isArray(raw) ? { ...raw, ...sources.flags } : raw;
  for (const setting of sources.settings ?? []) applySetting(whole as Record<string, unknown>, setting);
  const parsed = configFileSchema.safeParse(whole);
  if (parsed.success) return withDefaults(parsed.data);
  throw new ConfigError('BAD_CONFIG', complaints(parsed.error.issues), {
    hint: 'see "tare run --help" and docs/method.md',
  });
}

function applySetting(target: Record<string, unknown>, setting: string): void {
  const [, path, value] = /^([a-zA-Z]\w*(?:\.[a-zA-Z][\w-]*)*)=(.*)$/s.exec(setting) ?? [];
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

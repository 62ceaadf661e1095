import { ConfigError } from '../errors.ts';
import type { OptionValue, OptionValues, Runner, RunnerOption } from '../model/runner.ts';

function accepts({ values }: RunnerOption, value: OptionValue): boolean {
  if (values === 'count') return typeof value === 'number' && Number.isInteger(value) && value >= 0;
  if (values === 'text') return typeof value === 'string' && value !== '' && !/[\r\n]/.test(value);
  return values.includes(value);
}

/** The values that an option may have, as people read them. */
export function valuesOf({ values }: RunnerOption): string {
  if (values === 'count') return 'a whole number';
  if (values === 'text') return 'a line of text';
  return values.join(', ');
}

/**
 * A runner's options with every default written out.
 * @throws ConfigError `UNKNOWN_OPTION`, `BAD_OPTION`.
 */
export function withOptions({ id, options = [] }: Pick<Runner, 'id' | 'options'>, given: OptionValues): OptionValues {
  for (const name of Object.keys(given)) {
    if (options.some((option) => option.name === name)) continue;
    const known = options.map((option) => option.name).join(', ');
    throw new ConfigError('UNKNOWN_OPTION', `the runner ${id} has no option "${name}"`, {
      hint: known === '' ? `${id} has no options` : `known: ${known}; "tare runners" says what they are`,
    });
  }
  return Object.fromEntries(
    options.map((option) => {
      const value = given[option.name] ?? option.default;
      if (accepts(option, value)) return [option.name, value];
      throw new ConfigError('BAD_OPTION', `${id}: ${option.name} cannot be ${JSON.stringify(value)}`, {
        hint: `expected: ${valuesOf(option)}`,
      });
    }),
  );
}

import { ConfigError } from '../errors.ts';

/** @throws ConfigError `BAD_COUNT` unless `value` is a whole number from `least` on. */
export function requireWhole(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ConfigError('BAD_COUNT', `${what} is a whole number from ${least} on, not ${value}`);
  }
}

import { z } from 'zod';

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const BYTE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

function quantity(units: Readonly<Record<string, number>>, example: string) {
  const pattern = new RegExp(`^(\\d+(?:\\.\\d+)?)\\s*(${Object.keys(units).join('|')})$`);
  return z.string().transform((text, context) => {
    const [, amount, unit] = pattern.exec(text.trim()) ?? [];
    const factor = unit === undefined ? undefined : units[unit];
    if (amount !== undefined && factor !== undefined) return Math.round(Number(amount) * factor);
    context.addIssue({ code: 'custom', message: `expected something like ${example}, not "${text}"` });
    return z.NEVER;
  });
}

/** `10m`, `90s`, `250ms` → milliseconds. */
export const duration = quantity(DURATION_UNITS, '10m, 90s or 250ms');

/** `512MiB`, `2GiB` → bytes. */
export const bytes = quantity(BYTE_UNITS, '512MiB or 2GiB');

import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { z } from 'zod';

const packageSchema = z.object({ version: z.string() });

/** tare's own version. */
export const VERSION = packageSchema.parse(
  JSON.parse(readFileSync(findPackageJSON(import.meta.url) ?? '', 'utf8')),
).version;

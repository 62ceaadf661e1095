/** Writes docs/result.schema.json from the zod schema: `npm run schema`. A test holds the file to it. */
import { writeFileSync } from 'node:fs';
import { resultJsonSchema } from '../result-json.ts';

writeFileSync(new URL('../../docs/result.schema.json', import.meta.url), resultJsonSchema());

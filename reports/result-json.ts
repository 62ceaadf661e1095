import { z } from 'zod';
import { ParseError } from '../bench/errors.ts';
import type { Result } from '../bench/model/result.ts';
import { resultSchema } from './result-schema.ts';

export { resultSchema };

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

// eslint-disable-next-line typescript/no-unnecessary-type-parameters -- two deferred conditionals are alike only for identical types
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

type Holds<Check extends true> = Check;

/** Fails to compile where the schema and the type say different things. */
export type SchemaIsResult = Holds<Equal<DeepReadonly<z.output<typeof resultSchema>>, DeepReadonly<Result>>>;

/** Fields that are records, which have no order of their own. */
const RECORDS: readonly string[] = ['versions', 'digests', 'flavours', 'options'];

function sortedRecords(key: string, value: unknown): unknown {
  if (!RECORDS.includes(key) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The text of `result.json`: keys in the schema's order whatever order they came in, 2 spaces, a newline at the end.
 * @throws ParseError `BAD_RESULT` for a result that its own schema refuses, such as one with a NaN.
 */
export function resultJson(result: Result): string {
  const parsed = resultSchema.safeParse(result);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(issueText).join('; ');
    throw new ParseError('BAD_RESULT', `the result has not the published form: ${issues}`, {
      hint: 'this is a defect of tare; the evidence in manifest.json and journal.ndjson is complete',
    });
  }
  return `${JSON.stringify(parsed.data, sortedRecords, 2)}\n`;
}

function issueText(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.')}: ${issue.message}`;
}

/** The text of `docs/result.schema.json`: JSON Schema 2020-12. */
export function resultJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(resultSchema, { target: 'draft-2020-12' }), null, 2)}\n`;
}

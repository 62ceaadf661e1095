import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import { ParseError } from '../../../bench/errors.ts';
import type { Result } from '../../../bench/model/result.ts';
import { resultJson, resultJsonSchema, resultSchema } from '../../../reports/result-json.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';

const { result } = reportFixture({ vm: 'tcg', hostile: true });

/** The same value with every object's keys the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

test('the published schema is what the code gives (npm run schema writes it)', (t) => {
  t.is(readFileSync(new URL('../../../docs/result.schema.json', import.meta.url), 'utf8'), resultJsonSchema());
});

test('a result validates against the published schema', (t) => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(resultJsonSchema()) as object,
  );
  t.true(validate(JSON.parse(resultJson(result))), JSON.stringify(validate.errors));
});

test('the published schema refuses an unknown key and a missing one', (t) => {
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(resultJsonSchema()) as object);
  const { outcome, ...rest } = result;
  t.false(validate({ ...result, more: 1 }));
  t.false(validate(rest));
  t.true(validate({ ...rest, outcome }));
});

test('the text reads back as the same result and ends with a newline', (t) => {
  const text = resultJson(result);
  t.true(text.endsWith('}\n'));
  t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(result)));
});

test('the order of keys does not depend on the order in which they came', (t) => {
  const versions = { zlib: '1', docker: '2', api: '3' };
  const runners = result.runners.map((runner) => ({ ...runner, versions }));
  const other = reversed({ ...result, runners }) as Result;
  t.is(resultJson(other), resultJson({ ...result, runners }));
});

test('a number that is none is refused with its place, not written as null', (t) => {
  const [first, ...rest] = result.cells;
  t.truthy(first);
  const broken = { ...result, cells: [{ ...(first as Result['cells'][number]), median: NaN }, ...rest] };
  const error = t.throws(() => resultJson(broken), { instanceOf: ParseError });
  t.is(error.code, 'BAD_RESULT');
  t.regex(error.message, /cells\.0\.median/);
});

test('missing stays null and is never zero', (t) => {
  const parsed = resultSchema.parse(JSON.parse(resultJson(result)));
  const failed = parsed.cells.find((cell) => cell.key === 'lxc/disk/redis/marginal-ready');
  t.is(failed?.median, null);
  t.is(failed?.failures, 3);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { CONTRACT } from '../../../runners/contract.ts';

const ROOT = join(import.meta.dirname, '../../..');
const EXAMPLE = join(ROOT, 'examples/bubblewrap-runner');
const guide = readFileSync(join(ROOT, 'docs/writing-a-runner.md'), 'utf8');

test('the guide explains every rule of the suite, in its order, and no other', (t) => {
  const [, section = ''] = guide.split('\n## The rules\n');
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| ([^|]+) \| [^|]+ \|$/gm)].map(([, name]) => name);
  t.deepEqual(
    rows.slice(1),
    CONTRACT.map(({ name }) => name),
  );
});

test('what the guide shows of the example stands in it', (t) => {
  const shown = [...guide.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, file = '', text = '']) => ({
    file,
    text,
  }));
  t.true(shown.length > 10);
  for (const { file, text } of shown) {
    t.true(readFileSync(join(EXAMPLE, file), 'utf8').includes(text), `${file}:\n${text}`);
  }
});

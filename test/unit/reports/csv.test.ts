import test from 'ava';
import type { Result } from '../../../bench/model/result.ts';
import { samplesCsv, tableCsv } from '../../../reports/csv.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';
import { FORBIDDEN, HOSTILE } from '../../helpers/reports/hostile.ts';

const { result, events, manifest } = reportFixture({ vm: 'tcg', hostile: true });

function records(text: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const names = head.split(',');
  return lines.map((line) => {
    const fields = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, fields[index] ?? '']));
  });
}

test('every cell is one line', (t) => {
  t.is(records(tableCsv(result)).length, result.cells.length);
});

test('every sample and every failed metric is one line, pilot included', (t) => {
  const samples = events.filter(({ type }) => type === 'sample').length;
  const failed = events.flatMap((event) => (event.type === 'failure' ? Math.max(1, event.metrics.length) : []));
  const lines = records(samplesCsv(events, manifest));
  t.is(lines.length, samples + failed.reduce((sum, count) => sum + count, 0));
  t.true(lines.some(({ phase }) => phase === 'pilot'));
});

test('a failure has an empty value and a code, a sample a value and no code', (t) => {
  for (const { value, failure } of records(samplesCsv(events, manifest))) {
    t.true((value === '') !== (failure === ''));
  }
});

test('an emulated cell has neither ratio nor verdict', (t) => {
  const emulated = records(tableCsv(result)).filter(({ status }) => status === 'emulated');
  t.true(emulated.length > 0);
  t.true(emulated.every(({ ratio, verdict }) => ratio === '' && verdict === ''));
});

test('what is missing is empty, not zero', (t) => {
  const failed = records(tableCsv(result)).find(
    ({ runner, metric }) => runner === 'lxc' && metric === 'marginal-ready',
  );
  t.is(failed?.['n'], '0');
  t.is(failed?.['failures'], '3');
  t.is(failed?.['median'], '');
  t.is(failed?.['ci_lo'], '');
});

test('a sample’s unit is that of its own program’s metric', (t) => {
  const [first] = manifest.experiments.filter(({ workload }) => workload === 'memcached');
  t.truthy(first);
  const requests = (first as (typeof manifest.experiments)[number]).metrics.map((metric) => ({
    ...metric,
    unit: 'req',
  }));
  const experiments = manifest.experiments.map((planned) =>
    planned === first ? { ...planned, metrics: requests } : planned,
  );
  const units = (workload: string) => {
    const lines = records(samplesCsv(events, { ...manifest, experiments }));
    return new Set(
      lines.filter((line) => line['workload'] === workload && line['metric'] === 'inside').map(({ unit }) => unit),
    );
  };
  t.deepEqual([...units('memcached')], ['req']);
  t.deepEqual([...units('redis')], ['1/s']);
});

test('a VM’s ratio to the container stands in columns of its own', (t) => {
  const lines = records(tableCsv(reportFixture({ vm: 'kvm', hostile: false }).result));
  const has = (runner: string) => lines.some((line) => line['runner'] === runner && line['container_ratio'] !== '');
  t.true(has('kvm-direct'));
  t.false(has('docker'));
});

test('no text can be run as a formula, and a negative number stays a number', (t) => {
  const [cell] = result.cells;
  t.truthy(cell);
  const names = ['=1+1', '+1', '-1', '@x', '＝1', HOSTILE];
  const cells = names.map((runner) => ({ ...(cell as Result['cells'][number]), runner, median: -4096 }));
  const text = tableCsv({ ...result, cells });
  const lines = text.trimEnd().split('\n').slice(1);
  t.is(lines.length, names.length);
  t.true(lines.every((line) => !/^"?[=+\-@＝]/.test(line)));
  t.true(lines.every((line) => line.includes(',-4096,')));
  t.notRegex(text, FORBIDDEN);
});

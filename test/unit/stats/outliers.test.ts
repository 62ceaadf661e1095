import test from 'ava';
import { ParseError, WorkloadError } from '../../../bench/errors.ts';
import { labelOutliers } from '../../../bench/stats/outliers.ts';

test('every value gets a label, in the order given, and none is lost', (t) => {
  t.deepEqual(labelOutliers([100, 1, 2, 3, 4, 5, 9]), [
    'far-out',
    'inside',
    'inside',
    'inside',
    'inside',
    'inside',
    'inside',
  ]);
  t.deepEqual(labelOutliers([-6, 10, 11, 12, 13, 14, 21]).at(0), 'far-out');
  t.deepEqual(labelOutliers([1, 2, 3, 4, 5, 6, 7, 8, 9, 17]).at(-1), 'outside');
});

test('a value that differs among equal ones is far out, and equal ones are inside', (t) => {
  t.deepEqual(labelOutliers([5, 5, 5, 5, 5, 6]).at(-1), 'far-out');
  t.true(labelOutliers([5, 5, 5, 5, 5]).every((label) => label === 'inside'));
});

test('fewer than five values have no outliers', (t) => {
  t.deepEqual(labelOutliers([1, 1, 1, 1000]), ['inside', 'inside', 'inside', 'inside']);
});

test('no values and values that are no numbers throw', (t) => {
  t.throws(() => labelOutliers([]), { instanceOf: WorkloadError });
  t.throws(() => labelOutliers([1, Number.NaN]), { instanceOf: ParseError });
});

import test from 'ava';
import * as fc from 'fast-check';
import { componentsOf } from '../../../bench/stats/components.ts';
import { seededRandom } from '../../../bench/stats/random.ts';
import { normal } from '../../stats/noise.ts';

test('both components of a known mixture are found', (t) => {
  const random = seededRandom(4);
  const starts = Array.from({ length: 4000 }, () => {
    const level = 0.03 * normal(random);
    return Array.from({ length: 5 }, () => Math.exp(level + 0.01 * normal(random)));
  });
  const found = componentsOf(starts);
  t.true(Math.abs((found?.operation ?? 0) - 0.01) < 0.0005);
  t.true(Math.abs((found?.restart ?? 0) - 0.03) < 0.001);
});

test('starts that differ less than their operations explain have no component of their own', (t) => {
  const starts = [
    [1, 2],
    [2, 1],
    [1, 2],
  ];
  t.is(componentsOf(starts)?.restart, 0);
});

test('with one operation a start only the scatter of starts is known', (t) => {
  const found = componentsOf([[1], [Math.E], [Math.E ** 2]]);
  t.is(found?.operation, null);
  t.true(Math.abs((found?.restart ?? 0) - 1) < 1e-12);
});

test('of one start, of none, and of values without a logarithm less is said', (t) => {
  t.is(componentsOf([[1, 2]])?.restart, null);
  t.deepEqual(componentsOf([]), { operation: null, restart: null });
  t.is(componentsOf([[1], [0]]), null);
});

test('the unit of the values does not matter', (t) => {
  const starts = fc.array(fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 1, maxLength: 4 }), {
    minLength: 2,
    maxLength: 8,
  });
  const alike = fc.check(
    fc.property(starts, (values) => {
      const [one, other] = [
        componentsOf(values),
        componentsOf(values.map((start) => start.map((value) => value * 1e9))),
      ];
      return Math.abs((one?.restart ?? 0) - (other?.restart ?? 0)) < 1e-6;
    }),
  );
  t.false(alike.failed, String(alike.counterexample));
});

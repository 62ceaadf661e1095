import test from 'ava';
import * as fc from 'fast-check';
import { linearAxis, spreadAxis } from '../../../reports/html/ticks.ts';

test('a logarithmic axis takes round values within its ends', (t) => {
  const axis = spreadAxis([38e6, 812e6, 1.7e9], 'ns');
  t.true(axis.log);
  t.deepEqual(
    axis.ticks.map(({ label }) => label),
    ['50 ms', '100 ms', '200 ms', '500 ms', '1 s'],
  );
});

test('a narrow range has even steps, told apart', (t) => {
  const labels = (values: readonly number[]) => spreadAxis(values, 'ns').ticks.map(({ label }) => label);
  t.deepEqual(labels([957e6, 1.004e9]), ['960 ms', '980 ms', '1 s']);
  t.deepEqual(labels([55.8e9]), ['55.6 s', '55.8 s', '56 s']);
  const values = fc.array(fc.double({ min: 9.9e8, max: 1.01e9, noNaN: true }), { minLength: 1 });
  fc.assert(fc.property(values, (numbers) => new Set(labels(numbers)).size === labels(numbers).length));
});

test('a bar begins at zero, and negative values have room', (t) => {
  t.deepEqual(
    linearAxis([98e6, 134e6], 'bytes').ticks.map(({ label }) => label),
    ['0 B', '50 MB', '100 MB', '150 MB'],
  );
  const { min, max } = linearAxis([-4096, 8192], 'bytes');
  t.true(min <= -4096 && max >= 8192);
});

test('every axis holds its values and has at least one tick, whatever they are', (t) => {
  const values = fc.array(fc.double({ min: 1e-3, max: 1e15, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(values, (numbers) => {
      return [spreadAxis(numbers, 'ns'), linearAxis(numbers, 'ns')].every(
        ({ min, max, ticks }) =>
          min <= Math.min(...numbers) && max >= Math.max(...numbers) && min < max && ticks.length < 12,
      );
    }),
  );
  t.pass();
});

test('zero or no value gives a linear axis', (t) => {
  t.false(spreadAxis([0, 5], 'ns').log);
  t.deepEqual(
    spreadAxis([], 'ns')
      .ticks.map(({ label }) => label)
      .slice(0, 1),
    ['0 ns'],
  );
});

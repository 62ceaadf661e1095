import test from 'ava';
import { golden, GOLDENS } from '../../helpers/reports/goldens.ts';

for (const [name, render] of Object.entries(GOLDENS)) {
  test(`${name} is what the renderer gives`, (t) => {
    t.is(render(), golden(name));
  });
}

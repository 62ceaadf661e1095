import { DOMParser, onErrorStopParsing } from '@xmldom/xmldom';
import test from 'ava';
import { chartsOf } from '../../../reports/html/render.ts';
import { renderFigures } from '../../../reports/svg/render.ts';
import { reportFixture } from '../../helpers/reports/fixture.ts';
import { FORBIDDEN } from '../../helpers/reports/hostile.ts';

const fixture = reportFixture({ vm: 'kvm', hostile: false });
const hostile = reportFixture({ vm: 'tcg', hostile: true });
const figures = renderFigures(fixture, 'en');

const parse = (svg: string) =>
  new DOMParser({ onError: onErrorStopParsing }).parseFromString(svg, 'image/svg+xml').documentElement;

test('there is a figure for every chart, each one whole and named', (t) => {
  const names = Object.keys(figures);
  for (const name of ['startup-ready', 'startup-shares', 'startup-timeline', 'disk-stack', 'density-idle-memory']) {
    t.true(names.includes(`${name}.svg`), `${name} of ${names.join(', ')}`);
  }
  for (const svg of Object.values(figures)) {
    const root = parse(svg);
    t.is(root?.tagName, 'svg');
    t.true((root?.getElementsByTagName('title').item(0)?.textContent ?? '') !== '');
    t.true((root?.getElementsByTagName('desc').item(0)?.textContent ?? '') !== '');
    t.notRegex(svg, /NaN|Infinity|undefined/);
  }
});

test('the same input gives the same bytes, and each language its own words', (t) => {
  t.deepEqual(renderFigures(fixture, 'en'), figures);
  t.regex(Object.values(renderFigures(fixture, 'zh')).join(''), /启动/);
});

test('a point lies where its value is, and a failure keeps a curve below 100%', (t) => {
  const root = parse(figures['startup-ready.svg'] ?? '');
  const circles = [...(root?.getElementsByTagName('circle') ?? [])].map((circle) => Number(circle.getAttribute('cx')));
  t.true(circles.length > 20);
  t.true(circles.every((x) => x >= 20 && x <= 700));
  const shares = chartsOf('en', fixture).charts.find(({ id }) => id === 'chart-startup-shares');
  const ends = shares?.kind === 'curves' ? shares.lines.map(({ label, points }) => [label, points.at(-1)?.y]) : [];
  t.deepEqual(Object.fromEntries(ends)['docker'], 10 / 12);
  t.is(Object.fromEntries(ends)['runc'], 1);
});

test('hostile text stays text', (t) => {
  for (const svg of Object.values(renderFigures(hostile, 'en'))) {
    const root = parse(svg);
    t.is(root?.getElementsByTagName('script').length, 0);
    t.notRegex(svg, FORBIDDEN);
  }
});

import { bold, cyan, dim, green, magenta, red, yellow } from 'yoctocolors';
import type { ClaimHalf } from '../bench/model/result.ts';

type Paint = (text: string) => string;

/** What is emphasised how. Meaning never depends on colour alone. */
export interface Style {
  readonly heading: Paint;
  readonly strong: Paint;
  readonly quiet: Paint;
  readonly source: Paint;
  readonly emulated: Paint;
  readonly bad: Paint;
  readonly verdict: Readonly<Record<ClaimHalf['verdict'], Paint>>;
}

const plain: Paint = (text) => text;

const PLAIN: Style = {
  ...{ heading: plain, strong: plain, quiet: plain, source: plain, emulated: plain, bad: plain },
  verdict: { holds: plain, 'does-not-hold': plain, 'not-resolved': plain, 'not-assessable': plain },
};

const COLORED: Style = {
  ...{ heading: bold, strong: bold, quiet: dim, source: cyan, emulated: magenta, bad: red },
  verdict: { holds: green, 'does-not-hold': red, 'not-resolved': yellow, 'not-assessable': dim },
};

export function styleFor(color: boolean): Style {
  return color ? COLORED : PLAIN;
}

import type { JournalEvent } from '../../bench/model/journal.ts';
import type { Manifest } from '../../bench/model/manifest.ts';
import type { Result } from '../../bench/model/result.ts';
import type { Gate } from '../../bench/verdict/gate.ts';
import type { Lang, Words } from '../words.ts';
import type { ReportView } from '../view-model.ts';
import type { Anchors } from './anchors.ts';
import type { ChartSpec, MarkedBlocks } from './charts.ts';
import type { Content } from './markup.ts';

/** The language of a page. Every sentence stands beside its translation, where it is used: `t(english, chinese)`. */
export interface Tongue {
  readonly lang: Lang;
  readonly words: Words;
  readonly t: <T>(en: T, zh: T) => T;
}

/** What every part of the page is made from. */
export interface PageContext extends Tongue {
  readonly result: Result;
  readonly manifest: Manifest;
  readonly events: readonly JournalEvent[];
  readonly gate: Gate | null;
  readonly view: ReportView;
  readonly anchors: Anchors;
  readonly marked: MarkedBlocks;
}

/** A part of the page and the charts in it. */
export interface Part {
  readonly id: string;
  readonly heading: string;
  readonly body: Content;
  readonly charts: readonly ChartSpec[];
}

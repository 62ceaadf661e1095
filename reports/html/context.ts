import type { JournalEvent } from '../../bench/model/journal.ts';
import type { Manifest } from '../../bench/model/manifest.ts';
import type { Result } from '../../bench/model/result.ts';
import { WORDS } from '../words.ts';
import type { ReportView } from '../view-model.ts';
import type { Anchors } from './anchors.ts';
import type { ChartSpec, MarkedBlocks } from './charts.ts';
import type { Content } from './markup.ts';

/** What every part of the page is made from. */
export interface PageContext {
  readonly result: Result;
  readonly manifest: Manifest;
  readonly events: readonly JournalEvent[];
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

/** The page is in English; the source's table has both languages. */
export const words = WORDS.en;

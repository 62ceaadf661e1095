import type { ClaimHalf } from '../bench/model/result.ts';

/** Beside the words of a verdict, so that its kind is seen without colour. */
export const SYMBOLS: Readonly<Record<ClaimHalf['verdict'], string>> = {
  holds: '✓',
  'does-not-hold': '✗',
  'not-resolved': '?',
  'not-assessable': '–',
};

import type { Claim } from './claims.ts';
import { density } from './density.ts';
import { disk } from './disk.ts';
import { performance } from './performance.ts';
import { startup } from './startup.ts';

/** The rows of the source's table, in its order. */
export const CATALOGUE: readonly Claim[] = [startup, disk, performance, density];

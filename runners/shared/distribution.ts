import { stat } from 'node:fs/promises';
import type { Image } from '../../bench/model/image.ts';

/** Bytes of the tree as registries ship layers. */
export async function compressedTreeBytes(image: Image): Promise<number> {
  return (await stat(image.compressedArchive)).size;
}

/**
 * Works through the items, so many at a time, in order; every piece of work that was begun has ended when it returns. Each is
 * told which worker does it, from 0: no two pieces under way share one.
 * @throws the first error, after which nothing more is begun.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  concurrency: number,
  work: (item: T, worker: number) => Promise<void>,
): Promise<void> {
  const source = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const run = async (worker: number) => {
    while (!failure) {
      const next = source.next();
      if (next.done) return;
      try {
        await work(next.value, worker);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, (_, worker) => run(worker)));
  if (failure) throw failure.error;
}

/** As `inParallel`, with a result for each item, in the order of the items. */
export async function mapInParallel<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item, worker: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  await inParallel(items.entries(), concurrency, async ([index, item], worker) => {
    results[index] = await work(item, worker);
  });
  return results;
}

import { CleanupError, messageOf } from '../errors.ts';
import { inParallel } from '../proc/parallel.ts';

/** Taking away is mostly waiting for the kernel. */
const DISPOSALS = 16;

/**
 * Takes all of them away, the last first and several at a time; one that stays does not keep the others.
 * @throws CleanupError `CLEANUP` with how many could not be taken away.
 */
export async function disposeAll(resources: readonly AsyncDisposable[]): Promise<void> {
  const problems: unknown[] = [];
  await inParallel(resources.toReversed(), DISPOSALS, async (resource) => {
    try {
      await resource[Symbol.asyncDispose]();
    } catch (error) {
      problems.push(error);
    }
  });
  if (problems.length === 0) return;
  const [first] = problems;
  throw new CleanupError('CLEANUP', `${problems.length} instances could not be removed: ${messageOf(first)}`, {
    cause: first,
  });
}

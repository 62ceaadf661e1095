/** A slope over fewer points says nothing about how little of a line there is. */
const LEAST_STEPS = 4;

/** Where a step may go in between: the middle of the widest gap, the lowest of equal ones. */
function widened(steps: readonly number[]): readonly number[] {
  const gaps = steps.slice(1).map((step, at) => step - (steps[at] ?? step));
  const widest = Math.max(...gaps);
  if (!(widest > 1)) return steps;
  const at = gaps.indexOf(widest);
  return steps.toSpliced(at + 1, 0, (steps[at] ?? 0) + Math.floor(widest / 2));
}

/**
 * How many instances stand after each step: doubled each time, up to and with the ceiling; a low ceiling has steps in between,
 * so that there are at least four where there can be.
 * @param ceiling at least 1.
 */
export function rampSteps(ceiling: number): readonly number[] {
  let steps: readonly number[] = [1];
  for (let next = 2; next < ceiling; next *= 2) steps = [...steps, next];
  if (ceiling > 1) steps = [...steps, ceiling];
  while (steps.length < Math.min(LEAST_STEPS, ceiling)) steps = widened(steps);
  return steps;
}

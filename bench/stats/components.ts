/** How much of the scatter comes from where: standard deviations on the log scale, so that 0.01 is about 1%. */
export interface Components {
  /** Between operations of one start; null where no start has several. */
  readonly operation: number | null;
  /**
   * Between starts, what their operations' scatter explains left out; with one operation a start, both together. Null for fewer
   * than two starts.
   */
  readonly restart: number | null;
}

/**
 * Components of variance by the one-way analysis with random effects (Searle, Casella and McCulloch 1992): starts of unequal size are
 * weighted by n₀ = (N − Σnᵢ²/N)/(k − 1). A negative estimate counts as 0.
 * @param starts the positive values of each start. @returns null where a value has no logarithm.
 */
export function componentsOf(starts: readonly (readonly number[])[]): Components | null {
  const logs = starts.filter((values) => values.length > 0).map((values) => values.map((value) => Math.log(value)));
  if (logs.some((values) => values.some((value) => !Number.isFinite(value)))) return null;
  const groups = logs.length;
  const all = logs.flat();
  const within = logs.reduce((sum, values) => sum + squares(values, mean(values)), 0);
  const inner = all.length - groups;
  const meanWithin = inner > 0 ? within / inner : null;
  if (groups < 2) return { operation: meanWithin === null ? null : Math.sqrt(meanWithin), restart: null };
  const centre = mean(all);
  const between = logs.reduce((sum, values) => sum + values.length * (mean(values) - centre) ** 2, 0) / (groups - 1);
  const size = (all.length - logs.reduce((sum, { length }) => sum + length ** 2, 0) / all.length) / (groups - 1);
  return {
    operation: meanWithin === null ? null : Math.sqrt(meanWithin),
    restart: Math.sqrt(Math.max(0, (between - (meanWithin ?? 0)) / size)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squares(values: readonly number[], centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

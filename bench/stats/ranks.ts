/** Ranks from 1 in the order given; equal values share the mean of their ranks. The values must not hold NaN. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).toSorted((a, b) => (values[a] as number) - (values[b] as number));
  const result = values.map(() => 0);
  for (let first = 0; first < order.length; ) {
    let next = first + 1;
    while (next < order.length && values[order[next] as number] === values[order[first] as number]) next++;
    for (const index of order.slice(first, next)) result[index] = (first + next + 1) / 2;
    first = next;
  }
  return result;
}

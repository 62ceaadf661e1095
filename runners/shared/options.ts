import type { OptionValue, OptionValues, RunnerOption } from '../../bench/model/runner.ts';

/** The value of an option in a context that may name none. */
export function optionOf(context: { readonly options?: OptionValues }, option: RunnerOption): OptionValue {
  return context.options?.[option.name] ?? option.default;
}

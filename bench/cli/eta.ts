import { nowNs } from '../proc/clock.ts';

/** The part of an experiment that its place in the run depends on. */
export interface Expected {
  readonly id: string;
  readonly workload: { readonly id: string };
}

function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 90 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/**
 * What is left, in words; empty where nothing is. Later phases may take what the budget leaves and end earlier, so that the
 * time in all is a bound where anything comes after this phase. Pure.
 * @param budgetSeconds left of the whole run's budget; negative once it is spent. @param more whether a phase follows.
 */
export function timeLeft(phaseSeconds: number, budgetSeconds: number, more: boolean): string {
  const phase = phaseSeconds > 0 ? [`about ${minutes(phaseSeconds)} left of this phase`] : [];
  const all = more && budgetSeconds > phaseSeconds ? [`at most ${minutes(budgetSeconds)} in all`] : [];
  return [...phase, ...all].map((part) => `, ${part}`).join('');
}

/** Follows a run through its experiments; until it is told of them it knows the current phase alone. */
export class Eta {
  #experiments: readonly Expected[] = [];
  #endsNs: bigint | null = null;

  /** The measuring begins now. */
  expect(experiments: readonly Expected[], budgetMs: number): void {
    this.#experiments = experiments;
    this.#endsNs = nowNs() + BigInt(Math.round(budgetMs * 1e6));
  }

  /** @param phaseSeconds what the current phase still takes. */
  left(current: Expected, phase: 'pilot' | 'measured', phaseSeconds: number): string {
    if (this.#endsNs === null) return timeLeft(phaseSeconds, 0, false);
    const last = this.#experiments.at(-1);
    const isLast = last?.id === current.id && last.workload.id === current.workload.id;
    return timeLeft(phaseSeconds, Number(this.#endsNs - nowNs()) / 1e9, phase === 'pilot' || !isLast);
  }
}

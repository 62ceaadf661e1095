import { messageOf, TareError } from '../../errors.ts';

/**
 * One thing looked at. `warn`: works, but less or less steadily; `missing`: something that tare needs is not there.
 * Neither says that nothing can run: that is for the runners to say.
 */
export interface Check {
  /** Stable, for programs. */
  readonly id: string;
  readonly title: string;
  readonly status: 'ok' | 'warn' | 'missing';
  readonly found: string;
  /** What to do about it; null where there is nothing to do. */
  readonly advice: string | null;
}

/** What a check finds, without its name. */
export type Finding = Omit<Check, 'id' | 'title'>;

export function ok(found: string, advice: string | null = null): Finding {
  return { status: 'ok', found, advice };
}

export function warn(found: string, advice: string): Finding {
  return { status: 'warn', found, advice };
}

export function missing(found: string, advice: string): Finding {
  return { status: 'missing', found, advice };
}

/** Looks at one thing; a look that fails is a finding too, so that the others are still shown. */
export async function check(id: string, title: string, look: () => Finding | Promise<Finding>): Promise<Check> {
  try {
    return { id, title, ...(await look()) };
  } catch (error) {
    const hint = error instanceof TareError ? error.hint : undefined;
    return { id, title, ...warn(`could not be checked: ${messageOf(error)}`, hint ?? 'run it as root') };
  }
}

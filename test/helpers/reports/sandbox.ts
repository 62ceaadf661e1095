import type { Result } from '../../../bench/model/result.ts';
import { reportFixture, type ReportFixture } from './fixture.ts';

/** A whole run in which these of its container runners are sandboxes. */
export function withSandboxes(...ids: readonly string[]): ReportFixture {
  const fixture = reportFixture({ vm: 'kvm', hostile: false });
  const runners: Result['runners'] = fixture.result.runners.map((runner) =>
    ids.includes(runner.as) ? { ...runner, isolation: 'sandbox' } : runner,
  );
  return { ...fixture, result: { ...fixture.result, runners } };
}

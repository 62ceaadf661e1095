import type { Gate, GateCell } from '../../../bench/verdict/gate.ts';

/** A configuration against its baseline: one regression, one that passed, one that the blocks cannot tell, and a control. */
export function gateFixture(source: string): Gate {
  const cell = (runner: string, worse: number, bounds: Pick<GateCell, 'atLeast' | 'atMost' | 'verdict'>): GateCell => ({
    ...{ key: `${runner}/startup/redis/ready`, runner, title: 'first valid answer of the application' },
    ...{ unit: 'ns', better: 'lower', smallestP: 2 ** -12, worse, ...bounds },
    a: { n: 12, failures: 0, median: 8e8 },
    b: { n: 11, failures: 1, median: 8e8 * worse },
  });
  return {
    schema: 'tare-gate-1',
    a: { runId: source, startedAt: '2026-01-02T03:04:05.000Z' },
    b: { runId: '20260102-030405-a1b2c3', startedAt: '2026-01-02T03:04:05.000Z' },
    ...{ paired: true, maxRegression: 0.05, level: 0.983, verdict: 'regression', missing: [], changes: [] },
    cells: [
      cell('docker', 1.21, { atLeast: 1.17, atMost: 1.24, verdict: 'regression' }),
      cell('runc', 1.004, { atLeast: 0.99, atMost: 1.02, verdict: 'passed' }),
      cell('unshare', 1.04, { atLeast: null, atMost: null, verdict: 'not-resolved' }),
    ],
    controls: [cell('native', 1.001, { atLeast: 0.98, atMost: 1.02, verdict: 'passed' })],
  };
}

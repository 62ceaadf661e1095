import { codeOf, messageOf, TareError } from '../../errors.ts';
import { hostFacts } from '../../host/facts.ts';
import type { HostFacts } from '../../model/manifest.ts';
import type { HostContext, Runner, Support } from '../../model/runner.ts';
import type { Check } from './check.ts';
import { cpuChecks } from './cpu-checks.ts';
import { hostChecks } from './host-checks.ts';
import { type Ceilings, limitChecks } from './limit-checks.ts';
import { serviceChecks } from './service-checks.ts';
import { steadinessChecks } from './steadiness-checks.ts';
import { storageChecks } from './storage-checks.ts';

/** Everything that `tare doctor` found; what `--json` prints. */
export interface Examination {
  readonly schema: 'tare-doctor-1';
  /** Whether at least one runner can run here. */
  readonly ok: boolean;
  readonly runners: readonly { readonly id: string; readonly support: Support }[];
  readonly checks: readonly Check[];
  readonly host: HostFacts;
}

export interface ExamineOptions extends HostContext {
  readonly runners: readonly Runner[];
  /** Memory of one instance. */
  readonly instanceBytes: number;
  /** CPUs of one instance. */
  readonly instanceCpus: number | readonly number[];
  readonly ceilings: Ceilings;
}

/** What a runner says of this host; a probe that fails is an answer too. */
export async function probeRunner(runner: Runner, context: HostContext): Promise<Support> {
  try {
    return await runner.probe(context);
  } catch (error) {
    const hint = (error instanceof TareError ? error.hint : undefined) ?? 'run it as root, or look at the checks below';
    return { ok: false, code: codeOf(error), reason: `its probe failed: ${messageOf(error)}`, hint };
  }
}

/** Looks at everything at once; changes nothing on the host. */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const { runners, stateDir, accel, signal, instanceBytes, instanceCpus, ceilings } = options;
  const host = await hostFacts(stateDir);
  const [supports, checks] = await Promise.all([
    Promise.all(
      runners.map(async (runner) => ({
        id: runner.id,
        support: await probeRunner(runner, { stateDir, accel, signal }),
      })),
    ),
    Promise.all([
      ...hostChecks(host, instanceBytes),
      ...cpuChecks(instanceCpus),
      ...steadinessChecks(),
      ...limitChecks(ceilings),
      ...serviceChecks(host),
      ...storageChecks(stateDir, host.stateFileSystem),
    ]),
  ]);
  return { schema: 'tare-doctor-1', ok: supports.some(({ support }) => support.ok), runners: supports, checks, host };
}

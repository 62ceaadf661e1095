import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError, messageOf, StartError, TareError } from '../../bench/errors.ts';
import type { Mark } from '../../bench/model/mark.ts';
import type { LaunchCommand, RunContext } from '../../bench/model/runner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { GuestOutput, sanitise } from '../../vms/console.ts';
import type { QemuProcess } from '../../vms/qemu-process.ts';
import { makeFifos, MarkChannel } from '../shared/mark-channel.ts';
import type { Domain } from './hypervisor.ts';
import type { GuestKind, GuestPlan } from './kind.ts';

/** Everything of one start that a failure must report or undo. */
export interface Attempt extends GuestPlan {
  readonly domain: Domain;
  readonly marks: Mark[];
  readonly launch: LaunchCommand[];
  readonly undo: AsyncDisposableStack;
  console?: GuestOutput;
  output?: GuestOutput;
  channel?: MarkChannel;
  qemu?: QemuProcess;
  reachableNs?: bigint;
}

/** The instruments, made before the clock starts: the mark channel, and the host's ends of console and output. */
export async function attach(attempt: Attempt, kind: GuestKind): Promise<void> {
  const { folder, undo } = attempt;
  const path = (file: string) => join(folder, file);
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { mode: 0o755 });
  const pipes = [
    ...['console', 'marks', 'output'].map(path),
    ...(kind.machine(attempt).ports ?? []).map((port) => port.path),
  ];
  await makeFifos(...pipes.flatMap((pipe) => [`${pipe}.in`, `${pipe}.out`]));
  attempt.console = undo.use(new GuestOutput(path('console.out'), kind.signs));
  attempt.output = undo.use(new GuestOutput(path('output.out')));
  attempt.channel = undo.use(new MarkChannel(path('marks.out'), path('marks.in')));
}

/** Makes the guest's own disk above the shared one, and the files that its hypervisor reads. */
export async function makeOwnFiles(attempt: Attempt, kind: GuestKind): Promise<void> {
  const { path, format } = kind.machine(attempt).base;
  const overlay = [
    ...['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', format, '-b', path],
    join(attempt.folder, 'overlay.qcow2'),
  ];
  const [made, others] = await Promise.all([
    exec(overlay),
    kind.makeFiles?.(attempt) ?? [],
    attempt.domain.writeFiles(),
  ]);
  attempt.launch.push({ argv: made.argv, startedNs: made.startedNs, endedNs: made.endedNs }, ...others);
}

/** Adds the marks that were reached, in the order in which they can happen. */
export function collectMarks({ marks, console, channel, reachableNs }: Attempt): void {
  const reached = [
    ['kernel', console?.kernelNs],
    ['init', console?.initNs],
    ['exec', channel?.at('exec')],
    ['ready', channel?.at('ready')],
    ['reachable', reachableNs],
  ] as const;
  for (const [name, atNs] of reached) if (atNs !== undefined) marks.push({ name, atNs });
}

export function logsOf({ domain, console, output }: Attempt, kind: GuestKind): Readonly<Record<string, string>> {
  return {
    ...kind.logs,
    ...domain.logs,
    'console.log': sanitise(console?.raw ?? ''),
    'output.log': sanitise(output?.raw ?? ''),
  };
}

/** Removes what was made and throws the failure with the marks and logs that it left. */
export async function fail(attempt: Attempt, kind: GuestKind, error: unknown, run: RunContext): Promise<never> {
  collectMarks(attempt);
  const logs = logsOf(attempt, kind);
  // What could not be removed is said after what failed first.
  const left = await attempt.undo.disposeAsync().then(
    () => '',
    (cleaning: unknown) => `; then its remains could not be removed: ${messageOf(cleaning)}`,
  );
  if (left === '' && run.signal.aborted && error instanceof InterruptedError) throw error;
  const hint = error instanceof TareError ? error.hint : undefined;
  const code = error instanceof TareError ? error.code : 'START_FAILED';
  throw new StartError(
    code,
    `${attempt.name} did not start: ${messageOf(error)}${left}`,
    { marks: attempt.marks, logs },
    {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    },
  );
}

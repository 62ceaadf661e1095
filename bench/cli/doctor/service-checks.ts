import { codeOf, messageOf, TareError } from '../../errors.ts';
import type { HostFacts } from '../../model/manifest.ts';
import { exec } from '../../proc/exec.ts';
import { type Check, check, type Finding, missing, ok } from './check.ts';

const TIMEOUT_MS = 15_000;

interface Service {
  readonly id: string;
  readonly title: string;
  /** Answers only when the service does. */
  readonly question: readonly string[];
  /** What to say of the answer. */
  readonly found: (answer: string) => string;
  readonly unit: string;
  /** What starts it where no systemd runs. */
  readonly program: string;
}

const SERVICES: readonly Service[] = [
  {
    id: 'docker',
    title: 'docker',
    question: ['docker', 'version', '--format', '{{.Server.Version}}'],
    found: (answer) => `engine ${answer.trim()} answers`,
    unit: 'docker',
    program: 'dockerd',
  },
  {
    id: 'libvirt',
    title: 'libvirt',
    // Not `virsh version`, which has libvirt examine every emulator anew.
    question: ['virsh', '-c', 'qemu:///system', 'list', '--name'],
    found: (answer) => `answers, ${answer.split('\n').filter((name) => name !== '').length} domains run`,
    unit: 'libvirtd',
    program: 'libvirtd -d',
  },
];

/** What a service that did not answer lacks. */
function whyNot(error: unknown, service: Service, init: string): Finding {
  if (codeOf(error) === 'TOOL_MISSING') {
    return missing(
      messageOf(error),
      (error instanceof TareError ? error.hint : undefined) ?? `install ${service.title}`,
    );
  }
  if (codeOf(error) === 'COMMAND_TIMEOUT')
    return missing('does not answer in time', `look at the log of ${service.unit}`);
  const stderr = error instanceof TareError ? error.details['stderr'] : undefined;
  const said = typeof stderr === 'string' ? stderr : messageOf(error);
  if (/permission denied|authentication|access denied|polkit|system bus/i.test(said)) {
    return missing('may not be asked by this user', 'run tare as root');
  }
  const start = init === 'systemd' ? `systemctl start ${service.unit}` : `start it: ${service.program}`;
  return missing('does not answer', start);
}

/** The daemons that runners ask; each only matters to its own. */
export function serviceChecks({ init }: Pick<HostFacts, 'init'>): readonly Promise<Check>[] {
  return SERVICES.map((service) =>
    check(service.id, service.title, async () => {
      try {
        const { stdout } = await exec(service.question, { timeoutMs: TIMEOUT_MS });
        return ok(service.found(stdout));
      } catch (error) {
        return whyNot(error, service, init);
      }
    }),
  );
}

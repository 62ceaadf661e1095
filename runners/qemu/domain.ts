import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, ResourceError } from '../../bench/errors.ts';
import type { ResourceRef } from '../../bench/model/owner.ts';
import type { LaunchCommand } from '../../bench/model/runner.ts';
import { OWNER_VARIABLE } from '../../bench/proc/exec.ts';
import { launch, type Step } from '../../bench/proc/launcher.ts';
import { AgentSocket } from '../../vms/agent-socket.ts';
import type { DomainSpec } from '../../vms/domain-xml.ts';
import { type QemuPlace, qemuCommand } from '../../vms/qemu-argv.ts';
import { QemuProcess } from '../../vms/qemu-process.ts';
import { Qmp } from '../../vms/qmp.ts';
import { stderrOf } from '../../vms/virsh.ts';
import type { CreateLimits, Domain, Hypervisor } from '../kvm-common/hypervisor.ts';
import type { GuestPlan } from '../kvm-common/kind.ts';
import { removeLink } from '../shared/bridge.ts';
import { tapName } from '../shared/netns.ts';
import { INSTANCE_VARIABLE, killUntilGone, processesWith, signalProcess } from '../shared/processes.ts';

/** What all guests of a preparation share. */
export interface QemuTools {
  /** The program that runs the launch's commands. */
  readonly launcher: string;
  /** The arguments with which QEMU gives up root's rights. */
  readonly confinement: readonly string[];
}

/** For `ip -batch`: a tap of the guest's own, a port of the bridge. Pure. */
export function tapBatch(tap: string, bridge: string): string {
  return `tuntap add dev ${tap} mode tap\nlink set dev ${tap} addrgenmode none master ${bridge} up\n`;
}

/** The commands that pin each virtual CPU's thread to the host's CPU of the same place in the list. Pure. */
export function pinCommands(
  cpus: readonly number[],
  threads: readonly { readonly id: number; readonly name: string }[],
) {
  return cpus.map((cpu, vcpu) => {
    const thread = threads.find(({ name }) => name.startsWith(`CPU ${vcpu}/`));
    if (thread) return ['taskset', '--pid', '--cpu-list', String(cpu), String(thread.id)];
    throw new ResourceError('NO_VCPU', `QEMU has no thread for virtual CPU ${vcpu}`);
  });
}

/** What QEMU says in the last line of its errors, without its name and the time. Pure. */
export function lastWords(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  return line.replace(/^(?:[\d-]+T[\d:.]+Z )?(?:qemu[\w-]*: )?/, '');
}

/** The error without QEMU's command line, which is long and stands in the logs. */
function shortened(error: unknown, guest: string, command: readonly string[]): unknown {
  if (!(error instanceof CommandError) || error.details['argv'] !== command) return error;
  const { code, details } = error;
  const said = code === 'COMMAND_FAILED' ? lastWords(stderrOf(error)) : '';
  return said === '' ? error : new CommandError(code, `QEMU did not run ${guest}: ${said}`, { cause: error, details });
}

class QemuDomain implements Domain {
  readonly name: string;
  readonly agent: AgentSocket;
  readonly #spec: DomainSpec;
  readonly #folder: string;
  readonly #tools: QemuTools;
  readonly #place: QemuPlace;
  readonly #command: readonly string[];
  #process: QemuProcess | undefined;
  #qmp: Promise<Qmp> | undefined;

  constructor(spec: DomainSpec, { folder, index }: GuestPlan, tools: QemuTools) {
    this.name = spec.name;
    this.#spec = spec;
    this.#folder = folder;
    this.#tools = tools;
    this.#place = {
      monitor: join(folder, 'qmp.sock'),
      agent: join(folder, 'agent.sock'),
      pidFile: join(folder, 'qemu.pid'),
      tap: spec.network === null ? null : tapName(spec.owner.tag, index),
      confinement: tools.confinement,
    };
    this.#command = qemuCommand(spec, this.#place);
    this.agent = new AgentSocket(this.#place.agent);
  }

  get ref(): ResourceRef {
    return { kind: 'process', id: String(this.process.pid), tag: this.#spec.owner.tag };
  }

  get logs(): Readonly<Record<string, string>> {
    const words = this.#process?.arguments ?? [];
    return { 'qemu.args': `${(words.length > 0 ? words : this.#command).join('\n')}\n` };
  }

  get process(): QemuProcess {
    this.#process ??= new QemuProcess(this.name, { pidFile: this.#place.pidFile });
    return this.#process;
  }

  get removal(): string {
    return this.#process ? `kill -9 ${this.#process.pid}` : 'tare clean';
  }

  async writeFiles(): Promise<void> {
    const { network } = this.#spec;
    const { tap } = this.#place;
    if (network && tap !== null) await writeFile(this.#batchFile, tapBatch(tap, network.bridge));
  }

  async create(limits: CreateLimits): Promise<readonly LaunchCommand[]> {
    const tap: readonly Step[] = this.#place.tap === null ? [] : [{ argv: ['ip', '-batch', this.#batchFile] }];
    try {
      return await this.#launch([...tap, { argv: this.#command }], limits);
    } catch (error) {
      throw shortened(error, this.name, this.#command);
    }
  }

  async attend(limits: CreateLimits): Promise<void> {
    try {
      // Its agent is to find somebody at the other end, as under libvirt: otherwise it looks again and again.
      await Promise.all([this.agent.connect(), this.#monitor()]);
      const { cpus } = this.#spec;
      if (cpus.length === 1) return;
      const pins = pinCommands(cpus, this.process.threads());
      await this.#launch(
        pins.map((argv) => ({ argv })),
        limits,
      );
    } catch (error) {
      // Of one that has ended, whoever waits for it says why.
      if (this.process.isAlive) throw error;
    }
  }

  async monitor(command: string): Promise<unknown> {
    return await (await this.#monitor()).command(command);
  }

  async vcpus(): Promise<number | null> {
    const vcpus = await this.monitor('query-cpus-fast');
    return Array.isArray(vcpus) ? vcpus.length : null;
  }

  async pressPowerButton(): Promise<void> {
    try {
      await this.monitor('system_powerdown');
    } catch (error) {
      if (this.process.isAlive) throw error;
    }
  }

  async destroy(): Promise<void> {
    if (this.#process?.isAlive) signalProcess(this.#process.pid, 'SIGKILL');
  }

  async remove(): Promise<void> {
    this.agent[Symbol.dispose]();
    await this.#qmp?.then(
      (qmp) => qmp[Symbol.dispose](),
      () => {},
    );
    // One whose creation was cut short may be there without having said so: its environment tells.
    const ours = () => processesWith(INSTANCE_VARIABLE, (value) => value === this.name);
    if (this.#process?.isGone !== true && !(await killUntilGone(ours))) {
      throw new ResourceError('DOMAIN_STAYS', `QEMU of ${this.name} could not be killed`, {
        hint: `try: ${this.removal}`,
      });
    }
    if (this.#place.tap !== null) await removeLink(this.#place.tap);
  }

  get #batchFile(): string {
    return join(this.#folder, 'tap.ip');
  }

  /** The connection to QEMU's monitor; another try where one failed. */
  #monitor(): Promise<Qmp> {
    this.#qmp ??= Qmp.connect(this.#place.monitor).catch((error: unknown) => {
      this.#qmp = undefined;
      throw error;
    });
    return this.#qmp;
  }

  async #launch(steps: readonly Step[], limits: CreateLimits): Promise<readonly LaunchCommand[]> {
    const env = { [OWNER_VARIABLE]: this.#spec.owner.tag, [INSTANCE_VARIABLE]: this.name };
    return await launch(this.#tools.launcher, steps, { ...limits, env });
  }
}

/** Guests of QEMU and nobody else: no daemon, a process for each that leaves the foreground once its devices are there. */
export function qemuAlone(tools: QemuTools): Hypervisor {
  return { domain: (spec, plan) => new QemuDomain(spec, plan, tools) };
}

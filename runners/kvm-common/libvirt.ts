import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, ResourceError } from '../../bench/errors.ts';
import type { OwnerFilter, ResourceRef } from '../../bench/model/owner.ts';
import type { LaunchCommand, SweepContext } from '../../bench/model/runner.ts';
import { waitUntil } from '../../bench/proc/clock.ts';
import { ownedName, tagOf } from '../../bench/proc/owner.ts';
import { type DomainSpec, domainXml, readLiveDomain } from '../../vms/domain-xml.ts';
import { AGENT_ABSENT, type AskLimits, type GuestAgent } from '../../vms/guest-agent.ts';
import { QemuProcess } from '../../vms/qemu-process.ts';
import {
  createDomain,
  destroyDomain,
  listDomains,
  liveXml,
  monitor,
  ownerTagOf,
  pressPowerButton,
  stderrOf,
  undefineDomain,
  virsh,
} from '../../vms/virsh.ts';
import type { Domain, Hypervisor } from './hypervisor.ts';
import type { GuestPlan, GuestPrefix } from './kind.ts';

/** Where libvirt keeps what it knows of running domains. */
const RUNTIME = '/run/libvirt/qemu';
/** libvirt itself gives up on a process that does not go after 15 s. */
const GONE_TIMEOUT_MS = 30_000;

function agentOf(domain: string): GuestAgent {
  const ask = async (request: object, { maxBytes, signal }: AskLimits) => {
    const args = ['qemu-agent-command', domain, '--timeout', '10', JSON.stringify(request)];
    try {
      return (await virsh(args, { maxBytes, ...(signal === undefined ? {} : { signal }) })).stdout;
    } catch (cause) {
      const absent = /guest agent is not (?:connected|responding)|agent not available for now/i;
      if (!absent.test(stderrOf(cause))) throw cause;
      throw new CommandError(AGENT_ABSENT, `the guest agent of ${domain} does not answer`, { cause });
    }
  };
  return { ask };
}

class LibvirtDomain implements Domain {
  readonly name: string;
  readonly ref: ResourceRef;
  readonly agent: GuestAgent;
  readonly removal: string;
  readonly #xml: string;
  readonly #xmlFile: string;
  #process: QemuProcess | undefined;

  constructor(spec: DomainSpec, { folder }: GuestPlan) {
    this.name = spec.name;
    this.ref = { kind: 'domain', id: spec.name, tag: spec.owner.tag };
    this.agent = agentOf(spec.name);
    this.removal = `virsh -c qemu:///system destroy ${spec.name}`;
    this.#xml = domainXml(spec);
    this.#xmlFile = join(folder, 'domain.xml');
  }

  get logs(): Readonly<Record<string, string>> {
    const words = this.#process?.arguments ?? [];
    return { 'domain.xml': this.#xml, ...(words.length > 0 ? { 'qemu.args': `${words.join('\n')}\n` } : {}) };
  }

  get process(): QemuProcess {
    const file = (suffix: string) => join(RUNTIME, `${this.name}.${suffix}`);
    this.#process ??= new QemuProcess(this.name, { pidFile: file('pid'), statusFile: file('xml') });
    return this.#process;
  }

  async writeFiles(): Promise<void> {
    await writeFile(this.#xmlFile, this.#xml);
  }

  async create(): Promise<readonly LaunchCommand[]> {
    const { argv, startedNs, endedNs } = await createDomain(this.#xmlFile);
    return [{ argv, startedNs, endedNs }];
  }

  async attend(): Promise<void> {}

  async monitor(command: string): Promise<unknown> {
    return await monitor(this.name, command);
  }

  async vcpus(): Promise<number | null> {
    return readLiveDomain(await liveXml(this.name)).vcpus;
  }

  async pressPowerButton(): Promise<void> {
    await pressPowerButton(this.name);
  }

  async destroy(): Promise<void> {
    await destroyDomain(this.name);
  }

  async remove(): Promise<void> {
    const process = this.#process;
    if (process?.isGone) return;
    await destroyDomain(this.name);
    if (!process || (await waitUntil(() => process.isGone, { timeoutMs: GONE_TIMEOUT_MS }))) return;
    throw new ResourceError('DOMAIN_STAYS', `the domain ${this.name} could not be removed`, {
      hint: `try: ${this.removal}`,
    });
  }
}

/** Domains of the system's libvirt. */
export const LIBVIRT: Hypervisor = { domain: (spec, plan) => new LibvirtDomain(spec, plan) };

/**
 * Removes domains of one kind whose name and metadata both say that they are of a run that matches. Their files lie in the run's
 * folder, which the caller removes.
 * @throws ResourceError `SERVICE_DOWN`: libvirt cannot be asked.
 */
export async function sweepDomains(
  prefix: GuestPrefix,
  owner: OwnerFilter,
  context: SweepContext,
): Promise<readonly ResourceRef[]> {
  const removed: ResourceRef[] = [];
  for (const name of await listDomains(context.signal)) {
    const tag = tagOf(name);
    if (tag === undefined || !owner.matches(tag) || !name.startsWith(ownedName(tag, prefix))) continue;
    if ((await ownerTagOf(name, context.signal)) !== tag) continue;
    removed.push({ kind: 'domain', id: name, tag });
    if (context.dryRun) continue;
    await destroyDomain(name);
    await undefineDomain(name);
  }
  return removed;
}

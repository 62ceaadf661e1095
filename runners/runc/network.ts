import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../../bench/proc/exec.ts';
import type { Step } from '../../bench/proc/launcher.ts';
import type { AddressLease, RunBridge } from '../shared/bridge.ts';
import { removeNetns } from '../shared/netns.ts';

/** What connects an instance with the run's bridge. */
export interface Link {
  readonly bridge: RunBridge;
  /** The host's end. */
  readonly veth: string;
  readonly lease: AddressLease;
}

/** Commands for `ip -batch`: on the host, and in the new namespace, whose file the last of the first ones names. */
export function networkBatches(
  netns: string,
  insideFile: string,
  link: Link | undefined,
): { readonly outside: string; readonly inside: string } {
  const outside = [`netns add ${netns}`];
  const inside = ['link set lo up'];
  if (link) {
    const { bridge, veth, lease } = link;
    outside.push(
      `link add name ${veth} type veth peer name eth0 netns ${netns}`,
      `link set ${veth} addrgenmode none master ${bridge.name} up`,
    );
    inside.push(`address add ${lease.withPrefix} dev eth0`, 'link set eth0 addrgenmode none up');
  }
  outside.push(`netns exec ${netns} ip -batch ${insideFile}`);
  const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;
  return { outside: text(outside), inside: text(inside) };
}

/**
 * What makes a network namespace with loopback and, on a bridge, one interface `eth0`: a single command, and the files that it
 * reads, which are written here. There is no default route: nothing inside reaches further than the bridge.
 */
export function networkStep(
  folder: string,
  netns: string,
  link: Link | undefined,
): { readonly step: Step; readonly files: Readonly<Record<string, string>> } {
  const { outside, inside } = networkBatches(netns, join(folder, 'inside.ip'), link);
  const files = { 'outside.ip': outside, 'inside.ip': inside };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { step: { argv: ['ip', '-batch', join(folder, 'outside.ip')] }, files };
}

/** Removes both; the link first, since a namespace takes its own time to go. What is gone is fine. */
export async function removeNetwork(netns: string, veth: string): Promise<void> {
  await exec(['ip', 'link', 'delete', veth], { accept: 'any' });
  await removeNetns(netns);
}

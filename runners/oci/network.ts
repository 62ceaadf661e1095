import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '../../bench/proc/clock.ts';
import type { Step } from '../../bench/proc/launcher.ts';
import { type Attachment, macFor, removeLink } from '../shared/bridge.ts';
import { removeNetns } from '../shared/netns.ts';

/** A namespace takes its own time to go; many at once take a few seconds. */
const NETNS_TIMEOUT_MS = 30_000;

/** What connects an instance with a bridge of the run. */
export interface Link {
  /** The host's end. */
  readonly veth: string;
  readonly lease: Attachment;
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
    const { veth, lease } = link;
    outside.push(
      `link add name ${veth} type veth peer name eth0 address ${macFor(lease.address)} netns ${netns}`,
      `link set ${veth} addrgenmode none master ${lease.bridge} up`,
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

/** Waits until a link has gone with its namespace, and removes one that stays; what is gone is fine. */
export async function removeVeth(veth: string): Promise<void> {
  const isGone = () => !existsSync(`/sys/class/net/${veth}`);
  if (await waitUntil(isGone, { timeoutMs: NETNS_TIMEOUT_MS })) return;
  // Somebody still holds the namespace.
  await removeLink(veth);
}

/**
 * Removes both; what is gone is fine. The link goes with its namespace, together with those of others that end at the same time;
 * one by one each would hold up the whole host's network for tens of milliseconds.
 */
export async function removeNetwork(netns: string, veth: string): Promise<void> {
  await removeNetns(netns);
  await removeVeth(veth);
}

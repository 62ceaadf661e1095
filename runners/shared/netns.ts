import { existsSync, readdirSync } from 'node:fs';
import type { OwnerFilter } from '../../bench/model/owner.ts';
import { ResourceError } from '../../bench/errors.ts';
import { exec } from '../../bench/proc/exec.ts';
import { tagOf } from '../../bench/proc/owner.ts';
import { parseRecords } from './subnet.ts';

const NETNS_FOLDER = '/run/netns';

/** The host's end of an instance's link: `tv<tag><index>`, within the kernel's 15 characters up to index 9999999. */
export function vethName(tag: string, index: number): string {
  return `tv${tag}${index}`;
}

/** The bridge of a run's Docker network: `td<tag>`; `td<tag>s1` and so on where one is not enough. */
export function dockerBridgeName(tag: string, shard = 0): string {
  return `td${tag}${shard === 0 ? '' : `s${shard}`}`;
}

/** The bridge of a run's Podman network: `tp<tag>`; `tp<tag>s1` and so on where one is not enough. */
export function podmanBridgeName(tag: string, shard = 0): string {
  return `tp${tag}${shard === 0 ? '' : `s${shard}`}`;
}

/** A port that keeps such a bridge while nothing else is on it: `tp<tag>k<shard>`. */
export function podmanKeeperName(tag: string, shard = 0): string {
  return `tp${tag}k${shard}`;
}

/** The host's end of a client's link: `tc<tag><index>`. */
export function clientVethName(tag: string, index: number): string {
  return `tc${tag}${index}`;
}

/** The tap of a guest without libvirt: `tt<tag><index>`. */
export function tapName(tag: string, index: number): string {
  return `tt${tag}${index}`;
}

/** The tag in the name of a network interface of ours; undefined for any other. */
export function linkTag(name: string): string | undefined {
  return (
    tagOf(name) ??
    /^(?=t[vct][0-9a-f]{6}\d+$|t[dp][0-9a-f]{6}(?:s\d+)?$|tp[0-9a-f]{6}k\d+$)t.([0-9a-f]{6})/.exec(name)?.[1]
  );
}

export function netnsPath(name: string): string {
  return `${NETNS_FOLDER}/${name}`;
}

function netnsNames(): readonly string[] {
  try {
    return readdirSync(NETNS_FOLDER);
  } catch {
    return [];
  }
}

/** Names of network namespaces of matching owners. */
export function ownedNetns(owner: OwnerFilter): readonly { readonly name: string; readonly tag: string }[] {
  return netnsNames().flatMap((name) => {
    const tag = tagOf(name);
    return tag !== undefined && owner.matches(tag) ? [{ name, tag }] : [];
  });
}

/** Network interfaces of matching owners: bridges and the host's ends of links. */
export async function ownedLinks(
  owner: OwnerFilter,
): Promise<readonly { readonly name: string; readonly tag: string }[]> {
  const { stdout } = await exec(['ip', '-json', 'link', 'show']);
  return parseRecords(stdout).flatMap((link) => {
    const name = String(link['ifname']);
    const tag = linkTag(name);
    return tag !== undefined && owner.matches(tag) ? [{ name, tag }] : [];
  });
}

/** Removes a named network namespace; one that is gone is fine. */
export async function removeNetns(name: string): Promise<void> {
  if (!existsSync(netnsPath(name))) return;
  await exec(['ip', 'netns', 'delete', name], { accept: 'any' });
  if (!existsSync(netnsPath(name))) return;
  throw new ResourceError('NETNS_STAYS', `the network namespace ${name} could not be removed`, {
    hint: `try: ip netns delete ${name}`,
  });
}

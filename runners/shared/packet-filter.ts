import { existsSync, readFileSync } from 'node:fs';
import { ResourceError } from '../../bench/errors.ts';
import type { OwnerFilter } from '../../bench/model/owner.ts';
import { exec } from '../../bench/proc/exec.ts';
import { ownedName, tagOf } from '../../bench/proc/owner.ts';
import { linkTag } from './netns.ts';
import { hasProgram } from './programs.ts';

/** A rule of ours: what arrives on one of our bridges may leave on the same one. */
export interface BridgeRule {
  readonly bridge: string;
  readonly tag: string;
}

/** Others change rules too, and then hold the lock for a moment. */
const WAIT_SECONDS = '10';

/** Where this is missing the kernel shows the packet filter nothing of what passes through a bridge. */
const SETTINGS = '/proc/sys/net/bridge';

function isOn(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

/** Whether packets from one port of a bridge to another pass through the packet filter's FORWARD chain; `root` for tests. */
export function filtersBridged(bridge: string, root = ''): boolean {
  const ofBridge = `/sys/class/net/${bridge}/bridge/nf_call_iptables`;
  return isOn(`${root}${SETTINGS}/bridge-nf-call-iptables`) || isOn(`${root}${ofBridge}`);
}

function iptables(action: string, { bridge, tag }: BridgeRule): readonly string[] {
  return [
    ...['iptables', '--wait', WAIT_SECONDS, action, 'FORWARD', '--in-interface', bridge, '--out-interface', bridge],
    ...['--match', 'comment', '--comment', ownedName(tag), '--jump', 'ACCEPT'],
  ];
}

/** Our rules in what `iptables --list-rules FORWARD` printed; one that says something else in any part is not ours. */
export function parseRules(text: string): readonly BridgeRule[] {
  return text.split('\n').flatMap((line) => {
    const [, bridge = '', comment = ''] =
      /^-A FORWARD -i (\S+) -o \1 -m comment --comment "?(tare-[0-9a-f]{6})"? -j ACCEPT$/.exec(line.trim()) ?? [];
    const tag = tagOf(comment);
    return tag !== undefined && linkTag(bridge) === tag ? [{ bridge, tag }] : [];
  });
}

/** Rules of matching owners. */
export async function ownedRules(owner: OwnerFilter): Promise<readonly BridgeRule[]> {
  // Without the settings nobody has made one; and asking would load the packet filter, which costs every packet something.
  if (!existsSync(SETTINGS) || !hasProgram('iptables')) return [];
  const list = ['iptables', '--wait', WAIT_SECONDS, '--list-rules', 'FORWARD'];
  // Where they cannot be listed, none could be made.
  const { stdout } = await exec(list, { accept: 'any' });
  return parseRules(stdout).filter(({ tag }) => owner.matches(tag));
}

/** Removes a rule, as often as it is there; one that is gone is fine. @throws ResourceError `RULE_STAYS`. */
export async function removeRule(rule: BridgeRule): Promise<void> {
  const same = async () =>
    (await ownedRules({ matches: (tag) => tag === rule.tag })).filter(({ bridge }) => bridge === rule.bridge);
  for (const found of await same()) await exec(iptables('--delete', found), { accept: 'any' });
  if ((await same()).length === 0) return;
  throw new ResourceError('RULE_STAYS', `the packet filter's rule for ${rule.bridge} could not be removed`, {
    hint: `try: ${iptables('--delete', rule).join(' ')}`,
  });
}

/**
 * Lets packets pass from port to port of a bridge where the packet filter sees them and `iptables` is there: Docker, for one,
 * drops by default whatever it does not know. Undone with the stack.
 * @throws ResourceError `NOT_OURS` for a bridge whose name does not bear the tag: nobody would find the rule again; CommandError.
 */
export async function admitBridged(rule: BridgeRule, undo: AsyncDisposableStack): Promise<void> {
  if (linkTag(rule.bridge) !== rule.tag) {
    throw new ResourceError('NOT_OURS', `the name of the bridge ${rule.bridge} does not bear the tag ${rule.tag}`);
  }
  if (!filtersBridged(rule.bridge) || !hasProgram('iptables')) return;
  undo.defer(() => removeRule(rule));
  await exec(iptables('--insert', rule));
}

import { ParseError } from '../../bench/errors.ts';

/** An IPv4 network: its first address as a 32-bit number, and the length of its prefix. */
export interface Network {
  readonly first: number;
  readonly prefix: number;
}

/** RFC 2544 keeps this range for benchmarks of network devices: it is routed nowhere on the Internet. */
const RANGE: Network = { first: 0xc6120000, prefix: 15 };

/** Room for 1021 instances; a Linux bridge takes 1023 ports. */
export const SUBNET_PREFIX = 22;

function sizeOf(prefix: number): number {
  return 2 ** (32 - prefix);
}

/** 32-bit number → dotted quad. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** `198.18.4.0/22` and a plain address → network; undefined for what is no IPv4 network (`default`, IPv6). */
export function parseNetwork(text: string): Network | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const bytes = match.slice(1, 5).map(Number);
  const prefix = match[5] === undefined ? 32 : Number(match[5]);
  if (bytes.some((byte) => byte > 255) || prefix > 32) return undefined;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return { first: address - (address % sizeOf(prefix)), prefix };
}

/** `198.18.4.0/22`. */
export function formatNetwork({ first, prefix }: Network): string {
  return `${formatAddress(first)}/${prefix}`;
}

export function overlaps(a: Network, b: Network): boolean {
  return a.first < b.first + sizeOf(b.prefix) && b.first < a.first + sizeOf(a.prefix);
}

/**
 * Networks that this host knows already, from `ip -json -4 route show table all` and `ip -json -4 address`.
 * @throws ParseError `IP_OUTPUT`.
 */
export function knownNetworks(routesJson: string, addressesJson: string): readonly Network[] {
  const texts = [
    ...parseRecords(routesJson).map((route) => route['dst']),
    ...parseRecords(addressesJson)
      .flatMap((link) => (Array.isArray(link['addr_info']) ? link['addr_info'] : []))
      .map((info: Record<string, unknown>) => `${String(info['local'])}/${String(info['prefixlen'])}`),
  ];
  return texts.flatMap((text) => (typeof text === 'string' ? (parseNetwork(text) ?? []) : []));
}

/** What `ip -json` printed: an array of objects. An empty answer is an empty text. @throws ParseError `IP_OUTPUT`. */
export function parseRecords(json: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const value: unknown = JSON.parse(json.trim() === '' ? '[]' : json);
    if (Array.isArray(value)) return value.filter((item) => typeof item === 'object' && item !== null);
  } catch (cause) {
    throw new ParseError('IP_OUTPUT', 'ip printed something that is no JSON', { cause });
  }
  throw new ParseError('IP_OUTPUT', 'ip printed no list');
}

/**
 * Subnets of the benchmark range that overlap nothing known, beginning at a place of the run's own: two runs that look at
 * the same time hardly ever choose the same one.
 * @param tag six hex digits.
 */
export function freeSubnets(known: readonly Network[], tag: string): readonly Network[] {
  const count = sizeOf(RANGE.prefix) / sizeOf(SUBNET_PREFIX);
  const start = Number.parseInt(tag, 16) % count;
  return Array.from({ length: count }, (_, offset) => ({
    first: RANGE.first + ((start + offset) % count) * sizeOf(SUBNET_PREFIX),
    prefix: SUBNET_PREFIX,
  })).filter((candidate) => !known.some((other) => overlaps(candidate, other)));
}

/** The n-th address of a subnet; .1 is the host's. */
export function addressAt(subnet: Network, index: number): string {
  return formatAddress(subnet.first + index);
}

/** A text like `198.18.4.0/22`. @throws ParseError `NOT_A_SUBNET` for what has no room for instances. */
export function parseSubnet(text: string): Network {
  const subnet = parseNetwork(text);
  if (subnet && subnet.prefix <= 30) return subnet;
  throw new ParseError('NOT_A_SUBNET', `${text} is no subnet with room for instances`);
}

/** The last address of a subnet before the one for broadcasts, of a text like `198.18.4.0/22`. @throws ParseError. */
export function lastAddress(text: string): { readonly address: string; readonly prefix: number } {
  const subnet = parseSubnet(text);
  return { address: addressAt(subnet, sizeOf(subnet.prefix) - 2), prefix: subnet.prefix };
}

/** How many instances fit beside the network's, the host's and the broadcast address. */
export function roomFor(subnet: Network): number {
  return sizeOf(subnet.prefix) - 3;
}

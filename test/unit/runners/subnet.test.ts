import test from 'ava';
import { array, assert, integer, property, record } from 'fast-check';
import { ParseError } from '../../../bench/errors.ts';
import {
  addressAt,
  formatNetwork,
  freeSubnets,
  knownNetworks,
  lastAddress,
  overlaps,
  parseNetwork,
  parseRecords,
  roomFor,
} from '../../../runners/shared/subnet.ts';

const network = (text: string) => {
  const parsed = parseNetwork(text);
  if (!parsed) throw new RangeError(text);
  return parsed;
};

test('networks are read and written, and what is none is left out', (t) => {
  t.is(formatNetwork(network('198.18.5.9/22')), '198.18.4.0/22');
  t.is(formatNetwork(network('10.1.2.3')), '10.1.2.3/32');
  t.is(formatNetwork(network('0.0.0.0/0')), '0.0.0.0/0');
  for (const text of ['default', '::1', '10.0.0.256', '10.0.0.0/33', '10.0.0', '']) t.is(parseNetwork(text), undefined);
});

test('a network overlaps those within it and around it, not its neighbours', (t) => {
  t.true(overlaps(network('198.18.0.0/15'), network('198.19.4.0/22')));
  t.true(overlaps(network('198.19.4.7'), network('198.19.4.0/22')));
  t.false(overlaps(network('198.18.4.0/22'), network('198.18.8.0/22')));
});

test('what a host knows comes from its routes and its addresses', (t) => {
  const routes =
    '[{"dst":"default","dev":"eth0"},{"dst":"172.17.0.0/16","dev":"docker0"},{"type":"local","dst":"127.0.0.1"}]';
  const addresses = '[{"ifname":"lo","addr_info":[{"local":"127.0.0.1","prefixlen":8}]},{"ifname":"ifb0"}]';
  t.deepEqual(knownNetworks(routes, addresses).map(formatNetwork), ['172.17.0.0/16', '127.0.0.1/32', '127.0.0.0/8']);
  t.deepEqual(knownNetworks('', '[{}]'), []);
  t.throws(() => parseRecords('Error: no such thing'), { instanceOf: ParseError });
  t.throws(() => parseRecords('{}'), { instanceOf: ParseError });
});

test('a free subnet overlaps nothing known and lies in the benchmark range', (t) => {
  assert(
    property(
      array(record({ address: integer({ min: 0, max: 0x1ffff }), prefix: integer({ min: 16, max: 32 }) })),
      integer({ min: 0, max: 0xffffff }),
      (taken, tag) => {
        const known = taken.map(({ address, prefix }) =>
          network(`${addressAt(network('198.18.0.0/15'), address)}/${prefix}`),
        );
        const free = freeSubnets(known, tag.toString(16).padStart(6, '0'));
        for (const candidate of free) {
          t.true(overlaps(candidate, network('198.18.0.0/15')));
          t.false(known.some((other) => overlaps(other, candidate)));
        }
      },
    ),
    { numRuns: 50 },
  );
  t.deepEqual(freeSubnets([network('198.0.0.0/8')], 'a1b2c3'), []);
  t.is(freeSubnets([], 'a1b2c3').length, 128);
});

test('the host has the first address, and the last instance stays below the broadcast address', (t) => {
  const subnet = network('198.18.4.0/22');
  t.is(addressAt(subnet, 1), '198.18.4.1');
  t.is(addressAt(subnet, 1 + roomFor(subnet)), '198.18.7.254');
});

test('a client has the last address before the one for broadcasts, which instances do not get', (t) => {
  t.deepEqual(lastAddress('198.18.4.0/22'), { address: '198.18.7.254', prefix: 22 });
  t.deepEqual(lastAddress('198.18.4.0/30'), { address: '198.18.4.2', prefix: 30 });
  for (const text of ['198.18.4.0/31', '198.18.4.0', 'fd00::/64', ''])
    t.throws(() => lastAddress(text), { instanceOf: ParseError });
});

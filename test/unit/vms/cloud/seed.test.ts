import test from 'ava';
import { parse } from 'yaml';
import { seedFiles } from '../../../../vms/cloud/seed.ts';

const SEED = {
  instanceId: 'tare-0a1b2c-sys0',
  network: { mac: '52:54:00:12:00:02', withPrefix: '198.18.0.2/22' },
  entry: ['--ready', 'redis:127.0.0.1:6379', '--', '/bin/x', '', "it's $HOME; rm -rf /"],
};

test('the address belongs to the interface of this instance, and nothing is asked of the network', (t) => {
  const { 'network-config': text = '' } = seedFiles(SEED);
  t.deepEqual(parse(text), {
    version: 2,
    ethernets: {
      eth0: {
        ...{ match: { macaddress: SEED.network.mac }, 'set-name': 'eth0', dhcp4: false, dhcp6: false },
        addresses: ['198.18.0.2/22'],
      },
    },
  });
  t.deepEqual(parse(seedFiles({ ...SEED, network: null })['network-config'] ?? ''), { version: 2, ethernets: {} });
});

test('cloud-init is given one command, the first that it lets a user run', (t) => {
  const { 'user-data': text = '', 'meta-data': meta = '' } = seedFiles(SEED);
  t.true(text.startsWith('#cloud-config\n'));
  const { bootcmd, ...others } = parse(text) as { bootcmd: readonly (readonly string[])[] };
  t.deepEqual(others, {});
  t.deepEqual(
    bootcmd.map(([shell]) => shell),
    ['sh'],
  );
  t.is((parse(meta) as Record<string, string>)['instance-id'], SEED.instanceId);
});

test('no argument is syntax for the shell that starts the workload', (t) => {
  const { start = '' } = seedFiles(SEED);
  const last = start.trim().split('\n').at(-1) ?? '';
  t.true(last.endsWith(` '--' '/bin/x' '' 'it'\\''s $HOME; rm -rf /'`));
});

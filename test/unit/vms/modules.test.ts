import test from 'ava';
import { dependenciesOf, loadOrder } from '../../../vms/modules.ts';

function module(depends: string): Uint8Array {
  return Buffer.from(`\x7fELF\0license=GPL\0depends=${depends}\0retpoline=Y\0name=x\0`, 'latin1');
}

function reader(modules: Readonly<Record<string, string>>) {
  return async (name: string) => {
    const depends = modules[name];
    return depends === undefined ? undefined : module(depends);
  };
}

test('a module says itself what it depends on', (t) => {
  t.deepEqual(dependenciesOf(module('virtio,virtio-ring')), ['virtio', 'virtio_ring']);
  t.deepEqual(dependenciesOf(module('')), []);
  t.deepEqual(dependenciesOf(Buffer.from('no module at all')), []);
});

test('every module comes after what it needs, and once', async (t) => {
  const read = reader({ net: 'failover,virtio', failover: '', virtio: 'ring', ring: '', blk: 'virtio' });
  const order = (await loadOrder(['net', 'blk'], read)).map(({ name }) => name);
  t.deepEqual(order, ['failover', 'ring', 'virtio', 'net', 'blk']);
});

test('what is built into the kernel is not loaded', async (t) => {
  t.deepEqual(await loadOrder(['ext4'], reader({})), []);
});

test('modules that need one another are refused rather than followed forever', async (t) => {
  await t.throwsAsync(loadOrder(['a'], reader({ a: 'b', b: 'a' })), { code: 'MODULE_CYCLE' });
});

import test from 'ava';
import { onBridge } from '../../../../runners/podman/network.ts';

/** As Podman 4.3 writes it. */
const DEFINITION = `{
     "name": "tare-a1b2c3-podman",
     "id": "c0e23aa45499727d7e3d17ad82d597122eef8f75f357e4ee197fcf6b797cf057",
     "driver": "bridge",
     "network_interface": "podman1",
     "created": "2026-11-27T01:18:01.727782768Z",
     "subnets": [
          {
               "subnet": "198.19.252.0/22"
          }
     ],
     "ipv6_enabled": false,
     "internal": true,
     "dns_enabled": false,
     "labels": {
          "tare.tag": "a1b2c3"
     },
     "ipam_options": {
          "driver": "host-local"
     }
}
`;

test('a network gets a bridge with our name, and stays what it is in all else', (t) => {
  t.deepEqual(JSON.parse(onBridge(DEFINITION, 'tpa1b2c3')), {
    ...(JSON.parse(DEFINITION) as object),
    network_interface: 'tpa1b2c3',
  });
});

test('a definition in another form is an error', (t) => {
  for (const text of ['', '[]', '{"name": "tare-a1b2c3-podman"}', '{"cniVersion": "0.4.0", "name": "x"}']) {
    t.throws(() => onBridge(text, 'tpa1b2c3'), { code: 'PODMAN_NETWORK' }, text);
  }
});

import test from 'ava';
import { installedPackages } from '../../../bench/image/packages.ts';

const STATUS = `Package: zlib1g
Status: install ok installed
Architecture: amd64
Version: 1:1.2.13
Description: compression library
 SHA256: not a field but a line of the description

Package: adduser
Status: install ok installed
Architecture: all
Version: 3.134

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
`;

const ZLIB = 'a'.repeat(64);

test('a package gets the hash of exactly its version and architecture', (t) => {
  const index = `Package: zlib1g\nVersion: 1:1.2.12\nArchitecture: amd64\nSHA256: ${'b'.repeat(64)}\n
Package: zlib1g\nVersion: 1:1.2.13\nArchitecture: amd64\nSHA256: ${ZLIB}\n
Package: zlib1g\nVersion: 1:1.2.13\nArchitecture: i386\nSHA256: ${'c'.repeat(64)}\n`;
  const zlib = installedPackages(STATUS, [index]).find(({ name }) => name === 'zlib1g');
  t.deepEqual(zlib, { name: 'zlib1g', version: '1:1.2.13', architecture: 'amd64', sha256: ZLIB });
});

test('a package that no index knows has a null hash rather than a made-up one', (t) => {
  t.deepEqual(
    installedPackages(STATUS, []).map(({ sha256 }) => sha256),
    [null, null],
  );
});

test('packages are sorted by name, and removed ones are left out', (t) => {
  t.deepEqual(
    installedPackages(STATUS, []).map(({ name }) => name),
    ['adduser', 'zlib1g'],
  );
});

test('a malformed hash counts as missing', (t) => {
  const index = 'Package: adduser\nVersion: 3.134\nArchitecture: all\nSHA256: short\n';
  t.is(installedPackages(STATUS, [index])[0]?.sha256, null);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { hostSources, keptAptOptions, parseDeb822, parseOneLine, sourceLines } from '../../../bench/image/sources.ts';

const RECIPE = { suite: 'bookworm', components: ['main'] };

test('a one-line file gives its binary entries with their keyring', (t) => {
  const text = `# a comment
deb http://mirror.example/debian bookworm main contrib # why
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/other stable main`;
  t.deepEqual(parseOneLine(text), [
    { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main', 'contrib'], signedBy: [] },
    {
      uri: 'http://mirror.example/other',
      suite: 'stable',
      components: ['main'],
      signedBy: ['/usr/share/keyrings/a.gpg'],
    },
  ]);
});

test('a deb822 file gives one entry for each URI and suite', (t) => {
  const text = `Types: deb deb-src
# a comment between fields
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://mirror.example/sources
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://mirror.example/off
Suites: bookworm
Components: main
`;
  const signedBy = ['/usr/share/keyrings/debian-archive-keyring.gpg'];
  t.deepEqual(parseDeb822(text), [
    { uri: 'http://mirror.example/debian', suite: 'bookworm', components: ['main'], signedBy },
    { uri: 'http://mirror.example/debian', suite: 'bookworm-updates', components: ['main'], signedBy },
  ]);
});

test('a key written into the entry is not mistaken for a keyring path', (t) => {
  const text = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF/abc
 -----END PGP PUBLIC KEY BLOCK-----
`;
  t.deepEqual(parseDeb822(text)[0]?.signedBy, []);
});

test('only the suite of the recipe, its updates and security fixes are used', (t) => {
  const sources = parseOneLine(`deb http://mirror.example/debian bookworm main non-free
deb http://mirror.example/debian bookworm-backports main
deb [signed-by=/k.gpg] http://mirror.example/security bookworm-security main
deb http://mirror.example/tools bookworm tools`);
  t.deepEqual(sourceLines(sources, RECIPE), [
    'deb http://mirror.example/debian bookworm main',
    'deb [signed-by=/k.gpg] http://mirror.example/security bookworm-security main',
  ]);
});

test('a host of another release gives no entry, so that the default is used', (t) => {
  t.deepEqual(sourceLines(parseOneLine('deb http://mirror.example/ubuntu noble main universe'), RECIPE), []);
  t.deepEqual(sourceLines(parseOneLine('deb http://mirror.example/security bookworm-security main'), RECIPE), []);
});

test('every kind of file below the apt folder is read, and a missing folder is no failure', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tare-apt-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'sources.list.d'));
  writeFileSync(join(folder, 'sources.list'), 'deb http://one.example/ bookworm main\n');
  writeFileSync(join(folder, 'sources.list.d', 'b.list'), 'deb http://two.example/ bookworm main\n');
  writeFileSync(join(folder, 'sources.list.d', 'c.sources'), 'Types: deb\nURIs: http://three.example/\nSuites: x\n');
  writeFileSync(join(folder, 'sources.list.d', 'd.bak'), 'deb http://four.example/ bookworm main\n');
  t.deepEqual(
    hostSources(folder).map(({ uri }) => uri),
    ['http://one.example/', 'http://two.example/', 'http://three.example/'],
  );
  t.deepEqual(hostSources(join(folder, 'missing')), []);
});

test('of the options of apt only proxies and snapshot checks are kept', (t) => {
  const dump = `APT::Architecture "amd64";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::http::Proxy::mirror.example "DIRECT";
Acquire::Check-Valid-Until "false";
DPkg::Pre-Install-Pkgs:: "/usr/sbin/dpkg-preconfigure --apt || true";`;
  t.deepEqual(keptAptOptions(dump), [
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::http::Proxy::mirror.example "DIRECT";',
    'Acquire::Check-Valid-Until "false";',
  ]);
});

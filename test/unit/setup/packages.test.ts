import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { PROGRAM_PACKAGES } from '../../../bench/proc/programs.ts';
import { setupShell } from '../../helpers/shell.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FILES = ['common.sh', 'services.sh', 'packages.sh'];

/** Packages of Debian's base system: never missing, so in no list. */
const BASE = ['coreutils', 'mount', 'tar'];

const listed = ['run.txt', 'test.txt'].flatMap((name) =>
  readFileSync(join(ROOT, 'bench/setup/packages', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/ +/)),
);

test('every line of the lists names a group, a package and what shows it', (t) => {
  for (const line of listed) t.is(line.length, 3, line.join(' '));
});

test('the set-up installs every package that a missing program is said to come from', (t) => {
  const packages = new Set(listed.map(([, name]) => name?.replace('?', '')));
  const wanted = new Set(Object.values(PROGRAM_PACKAGES));
  t.deepEqual(
    [...wanted].filter((name) => !packages.has(name) && !BASE.includes(name)),
    [],
  );
});

test('only packages whose program is missing are wanted', async (t) => {
  const text = 'missing_lines <(cat)';
  const input = '# a comment\ncore bash bash\ncore nothing no-such-program\n';
  const { stdout } = await setupShell(FILES, text, { input });
  t.is(stdout, 'core nothing\n');
});

test("an engine that answers keeps Debian's from being installed", async (t) => {
  const input = 'docker docker.io dockerd\n';
  const have = 'have() { false; }';
  const answering = await setupShell(FILES, `${have}\ndocker_answers() { true; }\nmissing_lines <(cat)`, { input });
  t.is(answering.stdout, '');
  const silent = await setupShell(FILES, `${have}\ndocker_answers() { false; }\nmissing_lines <(cat)`, { input });
  t.is(silent.stdout, 'docker docker.io\n');
});

test('a package that this distribution lacks is left out where it is marked', async (t) => {
  const input = 'docker docker.io\ndocker docker-cli?\nlibvirt sysv?\n';
  const { stdout } = await setupShell(FILES, 'apt_knows() { [ "$1" = sysv ]; }\nsettle_optional', { input });
  t.is(stdout, 'docker docker.io\nlibvirt sysv\n');
});

/** The set-up's decision with stubs for everything that would look at or change the machine. */
const decide = (objections: string, env: Readonly<Record<string, string>> = {}) =>
  setupShell(
    FILES,
    `refresh_lists() { :; }
apt_knows() { true; }
objections_to() { case "$*" in ${objections} *) ;; esac; }
install_packages() { echo "installs $*"; }
install_missing $'core zstd\\nrunc runc\\ndocker docker.io\\nlibvirt virsh'`,
    { env },
  );

test('everything is installed in one go where nothing speaks against it', async (t) => {
  t.is((await decide('none) ;;')).stdout, 'installs zstd runc docker.io virsh\n');
});

test('a refused group is left out with the reason and what to do; the others are installed', async (t) => {
  const { exitCode, stdout, stderr } = await decide("*docker.io*) echo 'it would remove docker-ce' ;;");
  t.is(exitCode, 0);
  t.is(stdout, 'installs zstd runc virsh\n');
  t.regex(stderr, /warning: not installing docker\.io: it would remove docker-ce; nothing is ever removed/);
});

test('where everything is required a refused group is the end', async (t) => {
  const env = { TARE_REQUIRE_ALL: '1' };
  const { exitCode, stdout } = await decide("*docker.io*) echo 'it would remove docker-ce' ;;", env);
  t.is(exitCode, 4);
  t.is(stdout, '');
});

test('without the core packages nothing is installed', async (t) => {
  const { exitCode, stdout, stderr } = await decide("zstd*) echo 'it would upgrade libc6, whose x runs' ;;");
  t.is(exitCode, 4);
  t.is(stdout, '');
  t.regex(stderr, /UPGRADES=allow/);
});

test('without apt the programs that are missing are named', async (t) => {
  const text = `have() { [ "$1" = bash ]; }
wanted() { printf '%s\\n' 'core nothing no-such-program' 'core bash bash'; }
require_apt list`;
  const { exitCode, stderr } = await setupShell(FILES, text);
  t.is(exitCode, 3);
  t.regex(stderr, /hint: .*: no-such-program $/m);
});

test('simulated refusals of apt become reasons', async (t) => {
  const output = readFileSync(join(ROOT, 'test/fixtures/setup/apt-unknown.txt'), 'utf8');
  const text = 'simulate() { cat; return 100; }\nobjections_to no-such-package';
  const { stdout } = await setupShell(FILES, text, { input: output });
  t.is(stdout, 'E: Unable to locate package no-such-package\n');
});

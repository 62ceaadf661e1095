import { readFileSync } from 'node:fs';
import { cgroups } from '../../host/cgroups.ts';
import { memoryField } from '../../host/facts.ts';
import { readText } from '../../host/files.ts';
import { parseMounts } from '../../host/mounts.ts';
import { readableBytes } from '../../host/space.ts';
import type { HostFacts } from '../../model/manifest.ts';
import { exec } from '../../proc/exec.ts';
import { packageOf, PROGRAM_PACKAGES } from '../../proc/programs.ts';
import { accelerators } from '../../../vms/accel.ts';
import { userWithoutKvm } from '../../../vms/emulator-user.ts';
import { type Check, check, type Finding, missing, ok, warn } from './check.ts';
import { judgeKvm } from './kvm.ts';

const NODE_MAJOR = 24;
const LIBVIRT_MS = 20_000;

/** Without one of these an instance cannot be given its limits. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'];

/** The disk experiment holds this many instances at once. */
const INSTANCES_AT_ONCE = 5;
/** For the engine, the daemons and the cache of what is read while measuring. */
const SPARE_MEMORY = 2 ** 30;

function privileges(): Finding {
  if (process.geteuid?.() === 0) return ok('root');
  return missing('not root', 'run "tare run" with sudo: it makes namespaces, cgroups, mounts and bridges');
}

function platform({ distribution }: HostFacts): Finding {
  const machine = `${process.platform} ${process.arch}`;
  if (machine !== 'linux x64') return missing(`${machine}, ${distribution}`, 'tare runs on Linux on x86-64');
  if (/debian|ubuntu/i.test(distribution)) return ok(`x86-64, ${distribution}`);
  return warn(
    `x86-64, ${distribution}`,
    'packages are named as in Debian: install the same programs from your distribution',
  );
}

function node(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR) return ok(process.versions.node);
  return missing(process.versions.node, `Node ${NODE_MAJOR} or later is needed; "make setup" brings one in`);
}

/** `which` looks where tare's own commands are looked for. */
async function programs(): Promise<Finding> {
  const names = Object.keys(PROGRAM_PACKAGES);
  const { stdout } = await exec(['which', ...names], { accept: 'any' });
  const found = new Set(stdout.split('\n').map((path) => path.slice(path.lastIndexOf('/') + 1)));
  const absent = names.filter((name) => !found.has(name));
  if (absent.length === 0) return ok(`all ${names.length}`);
  const packages = [...new Set(absent.map((name) => PROGRAM_PACKAGES[name]))];
  return missing(`not installed: ${absent.join(', ')}`, `apt-get install ${packages.join(' ')}`);
}

function controlGroups(): Finding {
  const { version, controllers } = cgroups(parseMounts(readFileSync('/proc/self/mountinfo', 'utf8')));
  const absent = CONTROLLERS.filter((name) => !controllers.includes(name));
  const found = `${version}: ${controllers.join(' ') || 'no controllers'}`;
  if (absent.length === 0) return ok(found);
  const advice =
    version === 'none' ? 'mount cgroup2 on /sys/fs/cgroup' : `enable ${absent.join(', ')} on the kernel command line`;
  return missing(found, advice);
}

function memory(instanceBytes: number): Finding {
  const available = memoryField(readText('/proc/meminfo') ?? '', 'MemAvailable');
  if (available === null) return warn('/proc/meminfo does not say what is available', 'mount /proc');
  const needed = INSTANCES_AT_ONCE * instanceBytes + SPARE_MEMORY;
  const found = `${readableBytes(available)} available`;
  if (available >= needed) return ok(found);
  const advice = `${INSTANCES_AT_ONCE} instances at once need ${readableBytes(needed)}; "--set instance.memory=" makes them smaller`;
  return warn(found, advice);
}

async function kvm(): Promise<Finding> {
  let closedTo: string | undefined;
  try {
    closedTo = await userWithoutKvm(AbortSignal.timeout(LIBVIRT_MS));
  } catch {
    // The runners' own lines say that libvirt does not answer.
  }
  return judgeKvm(accelerators(), closedTo);
}

/** Where bridged packets pass through the packet filter, clients need a rule of ours to reach instances on a bridge. */
async function bridgedPackets(): Promise<Finding> {
  const filtered = readText('/proc/sys/net/bridge/bridge-nf-call-iptables')?.trim() === '1';
  if (!filtered) return ok('not filtered');
  const { exitCode } = await exec(['which', 'iptables'], { accept: 'any' });
  if (exitCode === 0) return ok('filtered (br_netfilter): a run with clients lets those of its own bridges pass');
  return missing('filtered (br_netfilter), and iptables is not installed', packageOf('iptables'));
}

function pressure(): Finding {
  if (readText('/proc/pressure/memory') !== null) return ok('measured');
  return warn('not measured', 'boot with psi=1, so that memory pressure can mark a block');
}

/** What the machine and its kernel offer, whatever the runner. */
export function hostChecks(facts: HostFacts, instanceBytes: number): readonly Promise<Check>[] {
  return [
    check('privileges', 'privileges', privileges),
    check('platform', 'platform', () => platform(facts)),
    check('node', 'Node', node),
    check('programs', 'programs', programs),
    check('kernel', 'kernel', () => ok(`${facts.kernel}, init ${facts.init}`)),
    check('cgroup', 'cgroups', controlGroups),
    check('kvm', 'KVM', kvm),
    check('memory', 'memory', () => memory(instanceBytes)),
    check('pressure', 'stall times', pressure),
    check('bridged-packets', 'bridged packets', bridgedPackets),
  ];
}

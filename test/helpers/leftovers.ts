import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { procText } from './proc.ts';

const PAUSE_MS = 500;
const TRIES = 240;

/**
 * What of tare's stays on this host, found by means that share no code with tare's own sweep. The reaper, which works
 * after its harness is gone, is waited for. Each entry says what it is; an empty list means that nothing is left.
 */
export async function leftovers(stateDir: string): Promise<readonly string[]> {
  let left = await look(stateDir);
  for (let tries = 1; left.length > 0 && tries < TRIES; tries += 1) {
    await delay(PAUSE_MS);
    left = await look(stateDir);
  }
  return left;
}

async function look(stateDir: string): Promise<readonly string[]> {
  const found = await Promise.all([
    processes(),
    lines('container', ['docker', 'ps', '--all', '--format', '{{.Names}} {{.Labels}}'], /(^|[ ,])tare[-.]/),
    lines('docker network', ['docker', 'network', 'ls', '--format', '{{.Name}}'], /^tare-/),
    lines('docker volume', ['docker', 'volume', 'ls', '--format', '{{.Name}}'], /^tare-/),
    lines('container', ['podman', 'ps', '--all', '--format', '{{.Names}}'], /^tare-/),
    lines('podman network', ['podman', 'network', 'ls', '--format', '{{.Name}}'], /^tare-/),
    lines('domain', ['virsh', '-c', 'qemu:///system', 'list', '--all', '--name'], /^tare-/),
    lines('network namespace', ['ip', 'netns', 'list'], /^tare-/),
    lines('link', ['ip', '-oneline', 'link', 'show'], /^\d+: (tare-|t[vcdpt][0-9a-f]{6})/),
    lines('route', ['ip', 'route', 'show'], / dev (tare-|t[vcdpt][0-9a-f]{6})/),
    lines('firewall rule', ['iptables-save'], /tare-/),
    lines('loop device', ['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE'], /\/tare\//),
    lines('LXC lock', ['find', '/run/lxc/lock', '-name', '.tare-*'], /./),
    mounts(),
    lines('cgroup', ['find', '/sys/fs/cgroup', '-type', 'd', '-name', '*tare-*'], /./),
    folders(`${stateDir}/runs`),
    folders(`${stateDir}/owners`),
    lines('half-built image', ['find', `${stateDir}/images`, '-maxdepth', '1', '-name', '*.building*'], /./),
  ]);
  return found.flat();
}

async function lines(
  kind: string,
  [program = '', ...args]: readonly string[],
  pattern: RegExp,
): Promise<readonly string[]> {
  const { stdout } = await execa(program, args, { reject: false });
  return (stdout ?? '')
    .split('\n')
    .filter((line) => pattern.test(line))
    .map((line) => `${kind}: ${line}`);
}

async function mounts(): Promise<readonly string[]> {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / \/var\/lib\/tare\/|\/tare-[0-9a-f]{6}/.test(line))
    .map((line) => `mount: ${line}`);
}

async function folders(parent: string): Promise<readonly string[]> {
  try {
    return readdirSync(parent).map((name) => `folder: ${parent}/${name}`);
  } catch {
    return [];
  }
}

async function processes(): Promise<readonly string[]> {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const command = procText(pid, 'cmdline').replaceAll('\0', ' ');
      const owned = procText(pid, 'environ').includes('\0TARE_OWNER=');
      const ours = owned || /\/tare\/probe|guest=tare-|bench\/cli\/reaper/.test(command);
      return ours ? [`process: ${pid} ${command.slice(0, 120)}`] : [];
    });
}

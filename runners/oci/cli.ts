import { readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../../bench/proc/exec.ts';
import { cgroupVersion } from '../shared/cgroups.ts';
import { netnsPath } from '../shared/netns.ts';
import type { Layout } from './layout.ts';
import type { CgroupDriver, Invocation, OciRuntime } from './runtime.ts';

/** Where a runner keeps everything of a run. */
export function runtimeFolder({ id }: Pick<OciRuntime, 'id'>, runDir: string): string {
  return join(runDir, id);
}

/** The runtime's own records of a run's containers: a root of its own keeps its `list` short for everybody else. */
export function runtimeRoot(runtime: OciRuntime, runDir: string): string {
  return join(runtimeFolder(runtime, runDir), 'state');
}

export function cgroupDriver(): CgroupDriver {
  const version = cgroupVersion() ?? 1;
  return { version, systemd: version === 2 && existsSync('/run/systemd/system') };
}

export type Environment = Readonly<Record<string, string>>;

/** A container that runs. */
export interface Running {
  readonly runtime: OciRuntime;
  readonly runDir: string;
  readonly name: string;
  /** Of the runtime, before the command that starts something in it. */
  readonly options: readonly string[];
  /** What it was started with. */
  readonly environment: Environment;
}

/** `cgroupsPath` of an instance in the driver's form; either ends in a cgroup whose name bears the owner's tag. */
export function cgroupsPath(driver: CgroupDriver, tag: string, name: string): string {
  // systemd names the scope prefix-name.scope: `tare-<tag>-…` comes out again.
  return driver.systemd ? `system.slice:tare-${tag}:${name.replace(`tare-${tag}-`, '')}` : `/${name}`;
}

/** argv of a runtime's command on a run's containers. @param options before the command. */
export function runtimeArgv(
  runtime: OciRuntime,
  runDir: string,
  words: readonly string[],
  options: readonly string[] = [],
): readonly string[] {
  return [runtime.program, '--root', runtimeRoot(runtime, runDir), ...options, ...words];
}

function recordOf({ recordOf: named }: OciRuntime, name: string): string {
  return named?.(name) ?? name;
}

/** argv that starts a container from its bundle, in the background. */
export function startArgv(
  runtime: OciRuntime,
  runDir: string,
  { options, under }: Invocation,
  { name, folder, netns, pidFile }: Pick<Layout, 'name' | 'folder' | 'netns' | 'pidFile'>,
): readonly string[] {
  const words = ['run', '--detach', '--pid-file', pidFile, '--bundle', folder, name];
  return [...(under?.(netnsPath(netns)) ?? []), ...runtimeArgv(runtime, runDir, words, options)];
}

/** argv that runs a program in a container. @param variables added to its environment. */
export function execArgv(
  { runtime, runDir, name, options, environment }: Running,
  variables: Environment,
  argv: readonly string[],
): readonly string[] {
  const given = runtime.replacesEnvironment ? { ...environment, ...variables } : variables;
  const words = Object.entries(given).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  return runtimeArgv(runtime, runDir, ['exec', ...words, name, ...argv], options);
}

/** Kills a container if it runs and forgets it; one that is gone is fine. */
export async function deleteContainer(runtime: OciRuntime, runDir: string, name: string): Promise<void> {
  const root = runtimeRoot(runtime, runDir);
  if (existsSync(join(root, recordOf(runtime, name)))) {
    await exec(runtimeArgv(runtime, runDir, ['delete', '--force', name]));
  }
  // A runtime that is killed while it begins has locked a record that it has not written yet.
  for (const entry of await entriesOf(root)) {
    if (entry.startsWith(`${name}_`)) await rm(join(root, entry), { force: true });
  }
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

/** Names of the containers that a runtime knows of in a run. */
export async function containersOf(runtime: OciRuntime, runDir: string): Promise<readonly string[]> {
  const records = await entriesOf(runtimeRoot(runtime, runDir));
  return records.flatMap((record) => {
    // A name of ours has no underscore: whatever a runtime adds to it begins with one.
    const name = /^tare-[0-9a-f]{6}-[a-z0-9-]+/.exec(record)?.[0];
    return name !== undefined && recordOf(runtime, name) === record ? [name] : [];
  });
}

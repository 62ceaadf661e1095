import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchCommand } from '../model/runner.ts';

const MAX_LOG_BYTES = 256 * 1024;

/** What one instance leaves in the bundle's `logs/`. */
export interface InstanceLog {
  readonly launch: readonly LaunchCommand[];
  readonly files: Readonly<Record<string, string>>;
}

/** `logs/0012-docker/`: the exact argv of every launch command with its times, and the runner's own files, bounded. */
export function writeInstanceLog(bundle: string, instance: number, runner: string, log: InstanceLog): void {
  const folder = join(bundle, 'logs', `${String(instance).padStart(4, '0')}-${runner}`);
  mkdirSync(folder, { recursive: true });
  const first = log.launch[0]?.startedNs ?? 0n;
  const lines = log.launch.map((command) =>
    JSON.stringify({
      argv: command.argv,
      startNs: Number(command.startedNs - first),
      endNs: Number(command.endedNs - first),
    }),
  );
  if (lines.length > 0) writeFileSync(join(folder, 'launch.ndjson'), `${lines.join('\n')}\n`);
  for (const [name, text] of Object.entries(log.files)) {
    if (text !== '') writeFileSync(join(folder, name.replaceAll(/[^\w.-]/g, '_')), text.slice(-MAX_LOG_BYTES));
  }
}

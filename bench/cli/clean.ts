import { Command } from 'commander';
import { CleanupError } from '../errors.ts';
import { deadOwners, forgetOwner, isAlive, registeredOwners } from '../proc/owner.ts';
import { print } from './output.ts';
import { requireRoot } from './ownership.ts';
import { sweepEverything } from './sweep.ts';

async function clean(flags: { dryRun?: boolean; state: string; json?: boolean }): Promise<void> {
  requireRoot('cleaning');
  const dryRun = flags.dryRun === true;
  const context = { stateDir: flags.state, signal: AbortSignal.timeout(10 * 60_000), dryRun };
  const dead = registeredOwners(flags.state).filter((owner) => !isAlive(owner));
  const { found, problems } = await sweepEverything(deadOwners(flags.state), context);
  if (!dryRun && problems.length === 0) {
    for (const owner of dead) forgetOwner(flags.state, owner.tag);
  }
  if (flags.json) print(JSON.stringify({ dryRun, found, problems }, null, 2));
  else {
    const verb = dryRun ? 'would remove' : 'removed';
    for (const ref of found) print(`${verb} ${ref.kind} ${ref.id} (run ${ref.tag})`);
    if (found.length === 0) print('nothing of a dead run is left');
  }
  if (problems.length > 0) throw new CleanupError('CLEANUP', problems.join('\n'));
}

export function cleanCommand(): Command {
  return new Command('clean')
    .description('remove what runs left whose process is dead; nothing else is touched')
    .option('--dry-run', 'only show what would be removed')
    .option('--state <dir>', 'the state folder whose runs are meant', '/var/lib/tare')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  tare clean --dry-run\n  tare clean')
    .action(clean);
}

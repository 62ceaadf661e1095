import { INSIDE } from '../../bench/model/image.ts';
import type { EntryPoint, Placement } from '../../bench/model/workload.ts';

/** The environment of every instance's entry point, whatever the runner, so that none is given more to work with. */
export const INSIDE_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
};

/** Where the ends of the mark channel are, as the instance sees them. */
export interface ChannelPaths {
  readonly marks: string;
  readonly commands: string;
  /** Name on which programs announce themselves. */
  readonly announce: string;
}

/** Where workloads are in a box with a file tree and a network of its own. */
export function boxPlacement(entry: EntryPoint): Placement {
  return { dataDir: INSIDE.data, listen: '0.0.0.0', port: entry.defaultPort };
}

/** What the probe inside is given after its name: the channel, the readiness check, and the workload. */
export function probeArguments(
  entry: EntryPoint,
  placement: Placement,
  channel: ChannelPaths = INSIDE,
): readonly string[] {
  const { protocol, port } = entry.ready(placement);
  return [
    ...['--marks', channel.marks, '--commands', channel.commands, '--announce', channel.announce],
    ...['--ready', protocol === 'none' ? 'none' : `${protocol}:127.0.0.1:${port}`],
    ...['--', ...entry.argv(placement)],
  ];
}

import type { InstanceSpec } from '../../bench/model/runner.ts';
import type { Placement } from '../../bench/model/workload.ts';

/** The probe's arguments after the mark channel, which something inside the guest finds by the port's name. */
export function entryArguments(spec: InstanceSpec, placement: Placement): readonly string[] {
  const { protocol, port } = spec.entry.ready(placement);
  const ready = protocol === 'none' ? 'none' : `${protocol}:127.0.0.1:${port}`;
  return ['--ready', ready, '--', ...spec.entry.argv(placement)];
}

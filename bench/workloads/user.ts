import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readYaml } from '../config/yaml.ts';
import { ConfigError, messageOf } from '../errors.ts';
import type { Metric } from '../model/metric.ts';
import type { EntryPoint, Measurement, Workload } from '../model/workload.ts';
import { sleeper } from './sleeper.ts';
import { byJsonPath, byRegex, type Extract } from './user/extract.ts';
import { fillIn } from './user/placeholders.ts';
import { type UserWorkload, userWorkloadSchema } from './user/schema.ts';

const MOST_BYTES = 64 * 1024;
const DEFAULT_TIMEOUT_MS = 60_000;

type UserMeasurement = NonNullable<UserWorkload['measurements']>[number];

function entryOf({ id, entry, port, ready }: UserWorkload): EntryPoint {
  const idle = sleeper(id);
  return {
    workload: id,
    defaultPort: port ?? idle.defaultPort,
    argv: (placement) => (entry ? fillIn(entry, placement, '127.0.0.1') : idle.argv(placement)),
    ready: (placement) => ({ protocol: ready ?? (port === undefined ? 'none' : 'tcp'), port: placement.port }),
  };
}

function extractOf({ regex, flags, jsonPath }: UserMeasurement['parser']): Extract {
  return regex === undefined ? byJsonPath(jsonPath ?? '') : byRegex(regex, flags ?? '');
}

function measurementOf(given: UserMeasurement): Measurement {
  const { id, title, unit, better, primary = true } = given;
  const metric: Metric = {
    ...{ id, title: title ?? id, unit, better, primary },
    ...(primary ? {} : { secondary: true }),
    assessableEmulated: false,
  };
  const extract = extractOf(given.parser);
  return {
    id,
    client: given.client,
    metrics: [metric],
    call: ({ placement, address }) => ({ argv: fillIn(given.argv, placement, address) }),
    operations: given.operations ?? 1,
    timeoutMs: given.timeout ?? DEFAULT_TIMEOUT_MS,
    parse: (stdout) => ({ [id]: [extract(stdout)] }),
  };
}

/**
 * A workload from the text of a file; complaints name file, line and column.
 * @param name what the file is called. @throws ConfigError `BAD_YAML`, `BAD_WORKLOAD`.
 */
export function parseUserWorkload(name: string, text: string): Workload {
  const { raw, complaints } = readYaml(name, text);
  const parsed = userWorkloadSchema.safeParse(raw);
  if (!parsed.success) {
    throw new ConfigError('BAD_WORKLOAD', complaints(parsed.error.issues), {
      hint: 'docs/workloads.md explains every field',
    });
  }
  const { data } = parsed;
  return {
    id: data.id,
    title: data.title ?? data.id,
    settings: { file: basename(name), sha256: createHash('sha256').update(text).digest('hex') },
    flavour: data.image ?? 'base',
    entry: entryOf(data),
    fill: () => [],
    fillBytes: 0,
    measurements: (data.measurements ?? []).map(measurementOf),
  };
}

/** Reads a user's own workload. @throws ConfigError `WORKLOAD_FILE`, `BAD_YAML`, `BAD_WORKLOAD`. */
export function loadUserWorkload(path: string): Workload {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError('WORKLOAD_FILE', `${path}: ${messageOf(cause)}`, { cause });
  }
  if (text.length > MOST_BYTES) {
    throw new ConfigError('WORKLOAD_FILE', `${path}: it has more than ${MOST_BYTES} characters`);
  }
  return parseUserWorkload(path, text);
}

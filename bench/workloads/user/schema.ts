import { z } from 'zod';
import { duration } from '../../config/quantities.ts';
import { WORKLOAD_IDS } from '../registry.ts';
import { isJsonPath, regexComplaint } from './extract.ts';
import { placeholdersIn } from './placeholders.ts';

const id = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and hyphens');
const words = z.string().regex(/^[^\p{C}]{1,80}$/u, 'expected up to 80 characters that can be shown');

const argv = z
  .array(z.string().max(16_384))
  .min(1)
  .max(200)
  .refine(([program]) => program?.startsWith('/'), {
    path: [0],
    message: "expected the program's absolute path in the image",
  });

const parser = z
  .strictObject({
    regex: z.string().max(1000).optional(),
    flags: z
      .string()
      .regex(/^(?!.*(.).*\1)[imsu]*$/, 'expected some of i, m, s and u')
      .optional(),
    jsonPath: z.string().max(1000).refine(isJsonPath, 'expected a path like $.jobs[0].rate').optional(),
  })
  .superRefine(({ regex, flags, jsonPath }, context) => {
    if ((regex === undefined) === (jsonPath === undefined)) {
      context.addIssue({ code: 'custom', message: 'expected either regex or jsonPath' });
    }
    if (regex === undefined && flags !== undefined) {
      context.addIssue({ code: 'custom', path: ['flags'], message: 'flags belong to a regex' });
    }
    const complaint = regex === undefined ? undefined : regexComplaint(regex, flags ?? '');
    if (complaint !== undefined) context.addIssue({ code: 'custom', path: ['regex'], message: complaint });
  });

const measurement = z.strictObject({
  id,
  title: words.optional(),
  argv,
  client: z.enum(['inside', 'bridge']),
  operations: z.number().int().min(1).max(1000).optional(),
  timeout: duration.optional(),
  parser,
  unit: z.string().regex(/^[^\p{C}]{1,16}$/u, 'expected up to 16 characters that can be shown'),
  better: z.enum(['lower', 'higher']),
  primary: z.boolean().optional(),
});

/** A file that describes one workload; docs/workloads.md explains every field. */
export const userWorkloadSchema = z
  .strictObject({
    id: id.refine((name) => !WORKLOAD_IDS.includes(name), 'a workload of this name is built in'),
    title: words.optional(),
    image: z.enum(['base', 'node']).optional(),
    entry: argv.optional(),
    port: z.number().int().min(1).max(65_535).optional(),
    ready: z.enum(['redis', 'memcached', 'tcp', 'none']).optional(),
    measurements: z.array(measurement).max(20).optional(),
  })
  .superRefine(({ entry = [], port, ready, measurements = [] }, context) => {
    const complain = (path: readonly PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path: [...path], message });
    const check = (list: readonly string[], path: readonly PropertyKey[]) =>
      list.forEach((word, index) => {
        const used = placeholdersIn(word);
        if (port === undefined && used.includes('port')) complain([...path, index], '{port} needs the field port');
        if (path[0] === 'entry' && used.includes('address')) complain([...path, index], 'only a client has {address}');
      });
    check(entry, ['entry']);
    if (port === undefined && ready !== undefined && ready !== 'none') complain(['ready'], 'it needs the field port');
    const ids = new Set<string>();
    measurements.forEach((each, index) => {
      check(each.argv, ['measurements', index, 'argv']);
      if (ids.has(each.id)) complain(['measurements', index, 'id'], 'another measurement has this id');
      ids.add(each.id);
      if (each.client === 'bridge' && port === undefined) {
        complain(['measurements', index, 'client'], 'a client over the bridge needs the field port');
      }
    });
  });

export type UserWorkload = z.output<typeof userWorkloadSchema>;

import type { Placement } from '../../model/workload.ts';

/** What stands for the placeholders of an argv, as text. */
type Values = Readonly<Record<'port' | 'listen' | 'data' | 'address', string>>;

/** Only these four words in braces; braces around anything else are the program's own. */
const PLACEHOLDER = /\{(port|listen|data|address)\}/g;

/** The placeholders in one word of an argv. */
export function placeholdersIn(word: string): readonly (keyof Values)[] {
  return [...word.matchAll(PLACEHOLDER)].map(([, name]) => name as keyof Values);
}

/** The argv with values for its placeholders. @param address how a client reaches the instance. */
export function fillIn(argv: readonly string[], placement: Placement, address: string): readonly string[] {
  const { port, listen, dataDir } = placement;
  const values: Values = { port: String(port), listen, data: dataDir, address };
  return argv.map((word) => word.replaceAll(PLACEHOLDER, (_, name: keyof Values) => values[name]));
}

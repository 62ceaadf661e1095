import { addToEnvironment } from '../proc/exec.ts';

const VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy'] as const;

/** Lets children reach Debian's mirrors by the proxies of the user's environment; needed before an image is built. */
export function passProxies(): void {
  const given = VARIABLES.flatMap((name) => {
    const value = process.env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  addToEnvironment(Object.fromEntries(given));
}

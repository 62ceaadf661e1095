#!/usr/bin/env node
/**
 * The command of the installed package: an older Node could not even read the modules, and would not say why.
 */

const NODE_MAJOR = 24;
/** The same meaning as in main.ts: this host cannot do what was asked. */
const UNSUPPORTED_EXIT = 3;

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) {
  await import('./main.ts');
} else {
  console.error(
    `error: tare needs Node ${NODE_MAJOR} or later, and this is ${process.versions.node}\n` +
      '  hint: install it from nodejs.org, or with: npm install --global node@24',
  );
  process.exitCode = UNSUPPORTED_EXIT;
}

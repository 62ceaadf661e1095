// V8 has ended a command there once, unable to find a piece of code that it had compiled ("Check failed: it->second.Size() > offset"),
// and nobody knows why: nothing is compiled, so that there is none to look for. A short command takes no longer for it, since
// emulated all compiled code is translated once more.
for (const tier of ['--no-sparkplug', '--no-maglev', '--no-turbofan']) require('node:v8').setFlagsFromString(tier);

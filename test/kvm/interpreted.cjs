// Emulated, code that V8 compiles is translated once more, which takes longer than it saves; and V8 has lost track of such code
// there ("Check failed: it->second.Size() > offset"). Its interpreter does for what a command needs.
for (const tier of ['--no-sparkplug', '--no-maglev', '--no-turbofan']) require('node:v8').setFlagsFromString(tier);

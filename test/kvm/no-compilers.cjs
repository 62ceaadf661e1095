// Emulated, Node died in 4 of 30 cold starts, with a fatal "Check failed: it->second.Size() > offset" or a segmentation fault. The
// stack of the former leads to Runtime_WasmTriggerTierUp: V8 is to compile anew what strips the types, a program of WebAssembly, and
// does not find its code. Where that code stays as it was compiled first, none of 30 died, in turns with those; why is not known.
// https://github.com/nodejs/node/issues/64500 is about the same registry of code. JavaScript is interpreted, since emulated its
// compiled code is translated once more: in one boot each, a run took 56 s so and 62 s compiled, a runner's rules 56 s and 64 s.
const flags = ['--no-wasm-dynamic-tiering', '--no-wasm-tier-up', '--no-sparkplug', '--no-maglev', '--no-turbofan'];
for (const flag of flags) require('node:v8').setFlagsFromString(flag);

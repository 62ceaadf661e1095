// Node strips types by a program of WebAssembly, and V8 looks its code up before compiling it anew: emulated by two threads that look
// failed in 4 of 30 cold starts (a fatal "Check failed: it->second.Size() > offset" below Runtime_WasmTriggerTierUp, or a segmentation
// fault), and in none of 30 in turns with them where code stays as it was compiled first. https://github.com/nodejs/node/issues/64500
// is about the same registry of code. JavaScript is interpreted, since emulated its compiled code is translated once more: a run took
// 56 s so and 62 s compiled, a runner's rules 56 s and 64 s.
const flags = ['--no-wasm-dynamic-tiering', '--no-wasm-tier-up', '--no-sparkplug', '--no-maglev', '--no-turbofan'];
for (const flag of flags) require('node:v8').setFlagsFromString(flag);

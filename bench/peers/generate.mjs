// llama.cpp, timed with the same problems as `./zebra bench generate`.
//
//     npm install --prefix FOLDER node-llama-cpp@3.22.1
//     UV_THREADPOOL_SIZE=1 node bench/peers/generate.mjs --model FILE.gguf --modules FOLDER/node_modules [--json FILE]
//
// Phases (--phases, in the order given; a cache that one phase filled is used by the next):
//   prefill      tokens of the prompt by the seconds from an empty cache to the first token
//   second-turn  seconds to the first token of --turn-tokens new tokens after a first turn of --turn-depth
//   decode       tokens by seconds of one sequence whose cache holds --depths tokens before the first
//   concurrent   requests of 512 tokens in, 384 of them shared, and 128 out, decoded together: tokens out by
//                seconds from the first request's arrival to the last token; the prefix is computed once and copied
//   alone        the same requests one after the other, the prefix kept between them
//   alone-fresh  the same, every request computed whole; only where asked for
//
// Prompts are random ids; decoding is greedy. Medians of --repeats. Rows go to standard output and to the JSON file
// as they are measured, progress to standard error. bench/peers/README.md has the settings and the reasons.
//
// Tried with node-llama-cpp 3.22.1 (llama.cpp v0.5.0) on Node 20.

import {writeFileSync} from "node:fs";
import {basename} from "node:path";
import {performance} from "node:perf_hooks";
import {parseArgs} from "node:util";
import {Peer, Refusal} from "./llama_cpp.mjs";

const {values: options} = parseArgs({
    options: {
        model: {type: "string"},
        modules: {type: "string"},
        phases: {type: "string", default: "prefill,second-turn,decode,concurrent,alone"},
        "prompt-lengths": {type: "string", default: "512,4096,16384"},
        depths: {type: "string", default: "128,4096,16384"},
        tokens: {type: "string", default: "64"},
        requests: {type: "string", default: "8"},
        input: {type: "string", default: "512"},
        shared: {type: "string", default: "384"},
        output: {type: "string", default: "128"},
        "turn-depth": {type: "string", default: "16384"},
        "turn-tokens": {type: "string", default: "64"},
        repeats: {type: "string", default: "3"},
        "long-repeats": {type: "string"},
        threads: {type: "string", default: "2"},
        batch: {type: "string", default: "512"},
        "flash-attention": {type: "string", default: "on"},
        kv: {type: "string", default: "F16"},
        bandwidth: {type: "string"},
        json: {type: "string"},
        verbose: {type: "boolean", default: false},
        help: {type: "boolean", short: "h", default: false}
    }
});

const PHASES = ["prefill", "second-turn", "decode", "concurrent", "alone", "alone-fresh"];
/** Prompts from here on are repeated --long-repeats times. */
const LONG = 8192;

function fail(message) {
    console.error(message);
    process.exit(2);
}

function positive(name) {
    const value = Number(options[name]);
    if (!Number.isInteger(value) || value < 1) fail(`--${name} must be a positive integer: got ${options[name]}`);
    return value;
}

function lengths(name) {
    return options[name].split(",").map((text) => {
        const value = Number(text);
        if (!Number.isInteger(value) || value < 1) fail(`--${name} must be positive integers: got ${options[name]}`);
        return value;
    });
}

if (options.help || !options.model) {
    fail(
        "UV_THREADPOOL_SIZE=1 node generate.mjs --model FILE.gguf [--modules node_modules]\n" +
        "    [--phases " + PHASES.join(",") + "]\n" +
        "    [--prompt-lengths 512,4096,16384] [--depths 128,4096,16384] [--tokens 64] [--repeats 3]\n" +
        "    [--long-repeats N] [--turn-depth 16384] [--turn-tokens 64]\n" +
        "    [--requests 8] [--input 512] [--shared 384] [--output 128]\n" +
        "    [--threads 2] [--batch 512] [--flash-attention on|off|auto] [--kv F16] [--bandwidth GB/s] [--json FILE]"
    );
}
// llama.cpp starts its other thread for every step. With Node's four pool threads taking turns as the first one, Linux
// may put both on one core and leave them there: a step of 0.3 ms then takes 12.
if (process.env.UV_THREADPOOL_SIZE !== "1") {
    fail(`UV_THREADPOOL_SIZE must be 1, set before node starts: got ${process.env.UV_THREADPOOL_SIZE}`);
}
const phases = options.phases.split(",");
for (const phase of phases) if (!PHASES.includes(phase)) fail(`--phases must be of ${PHASES.join(", ")}: got ${phase}`);
const flashAttention = {on: true, off: false, auto: "auto"}[options["flash-attention"]];
if (flashAttention === undefined) fail(`--flash-attention must be on, off or auto: got ${options["flash-attention"]}`);
const [threads, batch, tokens, repeats] = ["threads", "batch", "tokens", "repeats"].map(positive);
const longRepeats = options["long-repeats"] === undefined ? repeats : positive("long-repeats");
const [numRequests, input, shared, output] = ["requests", "input", "shared", "output"].map(positive);
if (shared >= input) fail(`--shared must be below --input: got ${shared} and ${input}`);
const [turnDepth, turnTokens] = ["turn-depth", "turn-tokens"].map(positive);
const promptLengths = lengths("prompt-lengths");
const depths = lengths("depths");

let peer;
try {
    const {model: modelPath, modules, kv, verbose} = options;
    peer = await Peer.open({modelPath, modules, threads, batch, flashAttention, kv, verbose});
} catch (error) {
    if (error instanceof Refusal) fail(error.message);
    throw error;
}

const rows = [];
const settings = {
    peer: "llama.cpp",
    release: peer.llama.llamaCppRelease.release,
    system: peer.llama.systemInfo.trim(),
    model: basename(options.model),
    modelBytes: peer.model.size,
    threads,
    batch,
    kv: options.kv
};

function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function report(row) {
    rows.push({quantization: peer.quantization, flashAttention: options["flash-attention"], ...row});
    const fixed = (value, digits, width) => (value === undefined ? "" : value.toFixed(digits)).padStart(width);
    console.log(
        row.phase.padEnd(12) + String(row.depth).padStart(7) + String(row.concurrency).padStart(4) +
        fixed(row.tokensPerSecond, 2, 11) + fixed(row.firstTokenSeconds, 3, 11) + fixed(row.seconds, 3, 11) +
        fixed(row.bandwidthShare, 3, 11) + String(row.repeats).padStart(8) + "  " + (row.note ?? "")
    );
    if (options.json) writeFileSync(options.json, JSON.stringify({...settings, rows}, null, 1) + "\n");
}

function progress(text) {
    console.error(`${new Date().toISOString().slice(11, 19)}  ${text}`);
}

async function seconds(call) {
    const start = performance.now();
    await call();
    return (performance.now() - start) / 1000;
}

const needed = Math.max(
    phases.includes("prefill") ? Math.max(...promptLengths) : 0,
    phases.includes("decode") ? Math.max(...depths) + tokens : 0,
    phases.includes("second-turn") ? turnDepth + turnTokens : 0,
    batch
);
let one;
let filled = 0;

/** Makes the cache of the one sequence hold the first `length` ids of stream 0. */
async function fill(length) {
    one.forget(0, Math.min(filled, length));
    filled = Math.min(filled, length);
    let token;
    if (filled < length) {
        const start = performance.now();
        let shown = start;
        token = await one.prompt(0, filled, peer.randomIds(0, filled, length - filled), (done) => {
            if (performance.now() - shown < 15000) return;
            shown = performance.now();
            progress(`  ${filled + done} of ${length} tokens after ${((shown - start) / 1000).toFixed(0)} s`);
        });
    }
    filled = length;
    return token;
}

const firstTurns = new Map();

async function prefill(length) {
    const times = [];
    const wanted = length >= LONG ? longRepeats : repeats;
    for (let i = 0; i < wanted; i++) {
        one.forget(0, 0);
        filled = 0;
        times.push(await seconds(() => fill(length)));
        progress(`prefill ${length}: ${times.at(-1).toFixed(2)} s (${i + 1} of ${wanted})`);
    }
    const time = median(times);
    firstTurns.set(length, time);
    return {
        phase: "prefill", depth: length, concurrency: 1, tokensPerSecond: length / time, firstTokenSeconds: time,
        seconds: time, repeats: wanted, times
    };
}

async function secondTurn() {
    if (!firstTurns.has(turnDepth)) {
        one.forget(0, 0);
        filled = 0;
        firstTurns.set(turnDepth, await seconds(() => fill(turnDepth)));
    }
    await fill(turnDepth);
    const times = [];
    for (let i = 0; i < repeats; i++) {
        const ids = peer.randomIds(1 + i, 0, turnTokens);
        times.push(await seconds(() => one.prompt(0, turnDepth, ids)));
        one.forget(0, turnDepth);
        progress(`second turn after ${turnDepth}: ${times.at(-1).toFixed(3)} s (${i + 1} of ${repeats})`);
    }
    const time = median(times);
    const first = firstTurns.get(turnDepth);
    return {
        phase: "second-turn", depth: turnDepth, concurrency: 1, tokensPerSecond: turnTokens / time,
        firstTokenSeconds: time, seconds: time, firstTurnSeconds: first, repeats, times,
        note: `${((100 * time) / first).toFixed(2)}% of the first turn's ${first.toFixed(1)} s`
    };
}

async function decode(depth) {
    await fill(depth);
    const first = peer.randomIds(1, depth, 1)[0];
    await one.generate(0, depth, first, 4);
    const times = [];
    for (let i = 0; i < repeats; i++) {
        one.forget(0, depth);
        times.push(await seconds(() => one.generate(0, depth, first, tokens)));
        progress(`decode at ${depth}: ${(tokens / times.at(-1)).toFixed(2)} tokens/s (${i + 1} of ${repeats})`);
    }
    one.forget(0, depth);
    const time = median(times);
    const bytes = peer.bytesPerToken(depth + tokens / 2);
    const rate = tokens / time;
    const bandwidthShare = bytes && options.bandwidth ? (rate * bytes) / (Number(options.bandwidth) * 1e9) : undefined;
    return {
        phase: "decode", depth, concurrency: 1, tokensPerSecond: rate, bandwidthShare, bytesPerToken: bytes, seconds: time,
        repeats, times
    };
}

const own = Array.from({length: numRequests}, (_, r) => peer.randomIds(100 + r, shared, input - shared));
const prefix = peer.randomIds(99, 0, shared);

/** All requests at once: as llama.cpp does best, prefix once, prompts in whole batches, one row for each in a step. */
async function together(context) {
    for (let r = 0; r < numRequests; r++) context.forget(r, 0);
    const start = performance.now();
    const firstTokens = [];
    await context.prompt(0, 0, prefix);
    for (let r = 1; r < numRequests; r++) await context.copy(0, r);
    const current = new Array(numRequests);
    const left = own.map((ids, r) => ({sequence: r, at: shared, ids}));
    while (left.length > 0) {
        const parts = [];
        for (let room = batch; room > 0 && left.length > 0; ) {
            const part = left[0];
            const count = Math.min(room, part.ids.length);
            const last = count === part.ids.length;
            parts.push({sequence: part.sequence, at: part.at, ids: part.ids.subarray(0, count), last});
            room -= count;
            if (last) left.shift();
            else left[0] = {sequence: part.sequence, at: part.at + count, ids: part.ids.subarray(count)};
        }
        const found = await context.decode(parts);
        const now = (performance.now() - start) / 1000;
        parts.filter((part) => part.last).forEach((part, i) => {
            current[part.sequence] = found[i];
            firstTokens.push(now);
        });
    }
    const decodeStart = performance.now();
    for (let step = 0; step < output - 1; step++) {
        const at = input + step;
        const parts = current.map((token, sequence) => ({sequence, at, ids: Uint32Array.of(token), last: true}));
        (await context.decode(parts)).forEach((token, sequence) => (current[sequence] = token));
    }
    const end = performance.now();
    return {
        seconds: (end - start) / 1000,
        firstTokenSeconds: median(firstTokens),
        decodeTokensPerSecond: (numRequests * (output - 1)) / ((end - decodeStart) / 1000)
    };
}

async function alone(context, keepPrefix) {
    context.forget(0, 0);
    const start = performance.now();
    const firstTokens = [];
    let decodeSeconds = 0;
    for (let r = 0; r < numRequests; r++) {
        const arrived = performance.now();
        const kept = keepPrefix && r > 0 ? shared : 0;
        context.forget(0, kept);
        const ids = kept > 0 ? own[r] : Uint32Array.from([...prefix, ...own[r]]);
        const token = await context.prompt(0, kept, ids);
        firstTokens.push((performance.now() - arrived) / 1000);
        decodeSeconds += await seconds(() => context.generate(0, input, token, output - 1));
    }
    return {
        seconds: (performance.now() - start) / 1000,
        firstTokenSeconds: median(firstTokens),
        decodeTokensPerSecond: (numRequests * (output - 1)) / decodeSeconds
    };
}

async function requests(phase, run, concurrency) {
    const runs = [];
    for (let i = 0; i < repeats; i++) {
        runs.push(await run());
        progress(`${phase}: ${runs.at(-1).seconds.toFixed(2)} s (${i + 1} of ${repeats})`);
    }
    const middle = (key) => median(runs.map((measured) => measured[key]));
    const time = middle("seconds");
    return {
        phase, depth: input, concurrency, tokensPerSecond: (numRequests * output) / time,
        firstTokenSeconds: middle("firstTokenSeconds"), decodeTokensPerSecond: middle("decodeTokensPerSecond"),
        seconds: time, repeats, times: runs.map((measured) => measured.seconds),
        note: `${middle("decodeTokensPerSecond").toFixed(2)} tokens/s while decoding`
    };
}

console.log(`llama.cpp ${settings.release}, ${settings.model} (${(peer.model.size / 1e9).toFixed(2)} GB, ${peer.quantization}), ` +
    `${threads} threads, batches of ${batch}, flash attention ${options["flash-attention"]}, cache ${options.kv}`);
console.log("phase         depth  by   tokens/s  first s    seconds  bandwidth repeats");

if (phases.some((phase) => ["prefill", "second-turn", "decode"].includes(phase))) {
    one = await peer.context(needed + batch, 1);
    progress("warm-up");
    await fill(Math.min(batch, 512));
    await one.generate(0, filled, 300, 4);
    one.forget(0, filled);
    for (const phase of phases) {
        if (phase === "prefill") for (const length of promptLengths) report(await prefill(length));
        if (phase === "second-turn") report(await secondTurn());
        // The deepest first: what a phase before has filled is cut, not computed again.
        if (phase === "decode") for (const depth of [...depths].sort((a, b) => b - a)) report(await decode(depth));
    }
    await one.close();
}
const each = input + output;
if (phases.includes("concurrent")) {
    const many = await peer.context(each, numRequests);
    await together(many);
    report(await requests("concurrent", () => together(many), numRequests));
    await many.close();
}
if (phases.includes("alone") || phases.includes("alone-fresh")) {
    const single = await peer.context(Math.max(each, batch), 1);
    await single.prompt(0, 0, prefix);
    if (phases.includes("alone")) report(await requests("alone", () => alone(single, true), 1));
    if (phases.includes("alone-fresh")) report(await requests("alone-fresh", () => alone(single, false), 1));
    await single.close();
}
await peer.llama.dispose();

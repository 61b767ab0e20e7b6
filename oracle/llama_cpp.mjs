// Runs GGUF files in llama.cpp, through npm's node-llama-cpp with the libraries that it comes with.
//
//     node oracle/llama_cpp.mjs NODE_MODULES JOBS.json
//
// JOBS.json is a list of {model, prompt, tokens, texts}: a file, ids, how many to add to them greedily (no end is
// heeded), and texts to encode. Prints one JSON object: `versions`, and `results`, for each job {generated} and
// {encoded}, or {error}. Nothing is put around a text; special tokens in it are taken as such.
//
// One thread, since several wait for each other by spinning. All is float32: the cache, too, which is float16 unless it is told otherwise.

import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {join, resolve} from "node:path";
import {pathToFileURL} from "node:url";

const modules = resolve(process.argv[2]);
const jobs = JSON.parse(readFileSync(process.argv[3], "utf8"));
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(join(modules, "node-llama-cpp/dist/index.js")).href);
const version = createRequire(import.meta.url)(join(modules, "node-llama-cpp/package.json")).version;

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 1});

async function generate(model, {prompt, tokens}) {
    const context = await model.createContext({
        contextSize: 256,
        batchSize: 256,
        flashAttention: false,
        experimentalKvCacheKeyType: "F32",
        experimentalKvCacheValueType: "F32"
    });
    try {
        const generated = [];
        const options = {temperature: 0, yieldEogToken: true};
        for await (const token of context.getSequence().evaluate(prompt, options)) {
            generated.push(token);
            if (generated.length === tokens) break;
        }
        return generated;
    } finally {
        await context.dispose();
    }
}

async function run(job) {
    try {
        const model = await llama.loadModel({modelPath: job.model, gpuLayers: 0, useMmap: true});
        try {
            const result = {};
            if (job.tokens > 0) result.generated = await generate(model, job);
            if (job.texts.length > 0) result.encoded = job.texts.map((text) => model.tokenize(text, true));
            return result;
        } finally {
            await model.dispose();
        }
    } catch (error) {
        return {error: String(error?.message ?? error)};
    }
}

const results = [];
for (const job of jobs) results.push(await run(job));
const report = {
    versions: {"node-llama-cpp": version, "llama.cpp": llama.llamaCppRelease?.release, node: process.versions.node},
    results
};
// llama.cpp's threads would keep the process alive.
process.stdout.write(JSON.stringify(report) + "\n", () => process.exit(0));

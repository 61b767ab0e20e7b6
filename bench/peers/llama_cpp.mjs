// llama.cpp through the native addon of node-llama-cpp 3.22.1, for generate.mjs.
//
// The package's own queue is left out, so that nothing but llama_decode and the choice of a token is timed.

import {existsSync} from "node:fs";
import {delimiter, join} from "node:path";
import {pathToFileURL} from "node:url";

/** What the caller can set right; printed without a stack. */
export class Refusal extends Error {}

async function importPackage(modules) {
    const folders = [modules, ...(process.env.NODE_PATH ?? "").split(delimiter), "node_modules"].filter(Boolean);
    const folder = folders.find((candidate) => existsSync(join(candidate, "node-llama-cpp", "package.json")));
    if (!folder) {
        throw new Refusal(`node-llama-cpp is in none of ${folders.join(", ")}: state its node_modules with --modules`);
    }
    return await import(pathToFileURL(join(folder, "node-llama-cpp", "dist", "index.js")));
}

/** A model with the settings that all its contexts share. */
export class Peer {
    static async open({modelPath, modules, threads, batch, flashAttention, kv, verbose}) {
        if (!existsSync(modelPath)) throw new Refusal(`no such file: ${modelPath}`);
        const {getLlama, GgmlType} = await importPackage(modules);
        const kvType = GgmlType[kv];
        if (kvType === undefined) throw new Refusal(`--kv must be a type of GGML such as F16 or Q8_0: got ${kv}`);
        const llama = await getLlama({
            gpu: false,
            build: "never",
            skipDownload: true,
            maxThreads: threads,
            logLevel: verbose ? "debug" : "error",
            logger: (level, message) => console.error(message.trimEnd())
        });
        const model = await llama.loadModel({modelPath});
        return new Peer(llama, model, {threads, batch, flashAttention, kv, kvType});
    }

    constructor(llama, model, settings) {
        this.llama = llama;
        this.model = model;
        this.settings = settings;
        this.vocabulary = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
        this.quantization = model.typeDescription.split(" ").at(-1);
    }

    /** The same ids in every run: stream `stream`, from `start` on. Control and byte tokens are left out. */
    randomIds(stream, start, count) {
        return Uint32Array.from({length: count}, (_, i) => {
            let x = (Math.imul(stream + 1, 0x9e3779b1) ^ Math.imul(start + i + 1, 0x85ebca6b)) >>> 0;
            x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
            x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
            return 259 + (((x ^ (x >>> 16)) >>> 0) % (this.vocabulary - 259));
        });
    }

    /** Bytes that decoding a token reads: every matrix but the embedding's other rows, and the cache. */
    bytesPerToken(depth) {
        if (this.settings.kv !== "F16") return undefined;
        const {fullTensorInfo, architectureMetadata: metadata} = this.model.fileInfo;
        const width = metadata.embedding_length;
        const elements = fullTensorInfo.map((tensor) => tensor.dimensions.reduce((a, b) => a * Number(b), 1));
        // All matrices of the files that random_llama.py makes have one type.
        const bytes = this.model.size / elements.reduce((a, b) => a + b);
        const keys = (width / metadata.attention.head_count) * metadata.attention.head_count_kv;
        return Math.round(this.model.size - this.vocabulary * width * bytes + depth * metadata.block_count * keys * 2 * 2);
    }

    async context(contextSize, sequences) {
        const {threads, batch, flashAttention, kvType} = this.settings;
        const context = await this.model.createContext({
            contextSize,
            sequences,
            threads,
            batchSize: batch,
            flashAttention,
            experimentalKvCacheKeyType: kvType,
            experimentalKvCacheValueType: kvType,
            ignoreMemorySafetyChecks: true,
            failedCreationRemedy: false
        });
        const used = context._ctx.getThreads();
        if (used !== threads) throw new Error(`llama.cpp uses ${used} threads`);
        if (context.batchSize !== batch) throw new Error(`llama.cpp uses batches of ${context.batchSize}`);
        return new Context(this, context, sequences);
    }
}

/** A context of llama.cpp with as many sequences as asked for, called without the package's queue. */
export class Context {
    constructor({llama, model, settings}, context, sequences) {
        this.context = context;
        this.native = context._ctx;
        this.batch = settings.batch;
        this.samplers = Array.from({length: sequences}, () => {
            const sampler = new llama._bindings.AddonSampler(model._model);
            sampler.applyConfig({temperature: 0});
            return sampler;
        });
    }

    /** Appends parts {sequence, at, ids} of up to `batch` ids in all; a token for each part that has `last`. */
    async decode(parts) {
        this.native.initBatch(parts.reduce((sum, part) => sum + part.ids.length, 0));
        const asked = [];
        for (const {sequence, at, ids, last} of parts) {
            const rows = this.native.addToBatch(sequence, at, ids, Uint32Array.from(last ? [ids.length - 1] : []));
            if (last) asked.push([rows[0], this.samplers[sequence]]);
        }
        await this.native.decodeBatch();
        return await Promise.all(asked.map(([row, sampler]) => this.native.sampleToken(row, sampler)));
    }

    /** Appends a prompt in batches and gives the token after it. */
    async prompt(sequence, at, ids, progress) {
        for (let start = 0; ; start += this.batch) {
            const end = Math.min(start + this.batch, ids.length);
            const part = {sequence, at: at + start, ids: ids.subarray(start, end), last: end === ids.length};
            const [token] = await this.decode([part]);
            progress?.(end);
            if (end === ids.length) return token;
        }
    }

    async generate(sequence, at, token, count) {
        for (let i = 0; i < count; i++) {
            [token] = await this.decode([{sequence, at: at + i, ids: Uint32Array.of(token), last: true}]);
        }
        return token;
    }

    forget(sequence, from) {
        if (!this.native.removeTokenCellsFromSequence(sequence, from, -1)) throw new Error("llama.cpp kept the tokens");
    }

    async copy(from, to) {
        await this.native.copySequenceStateFromOtherSequence(to, from);
    }

    async close() {
        await this.context.dispose();
    }
}

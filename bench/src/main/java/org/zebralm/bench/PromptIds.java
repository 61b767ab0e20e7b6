package org.zebralm.bench;

/// Random ids for prompts: the same position of the same stream has the same id, whatever the length.
///
/// The ids of `bench/peers/llama_cpp.mjs`, so that peers read the same prompts.
final class PromptIds {
    /// Control and byte tokens of a Llama come before.
    private static final int FIRST = 259;

    private PromptIds() {}

    /// Returns the ids at positions `[start, start + count)` of a stream.
    static int[] of(int stream, int start, int count, int vocabSize) {
        int first = vocabSize > 2 * FIRST ? FIRST : 0;
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            int x = ((stream + 1) * 0x9E3779B1) ^ ((start + i + 1) * 0x85EBCA6B);
            x = (x ^ (x >>> 16)) * 0x7FEB352D;
            x = (x ^ (x >>> 15)) * 0x846CA68B;
            ids[i] = first + Integer.remainderUnsigned(x ^ (x >>> 16), vocabSize - first);
        }
        return ids;
    }
}

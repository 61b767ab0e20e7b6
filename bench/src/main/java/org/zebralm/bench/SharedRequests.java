package org.zebralm.bench;

/// Requests whose prompts begin alike, as from users with one system prompt.
///
/// @param count of requests
/// @param input tokens of each prompt
/// @param shared tokens at the beginning of all prompts
/// @param output tokens written for each
public record SharedRequests(int count, int input, int shared, int output) {
    public SharedRequests {
        if (count < 1) {
            throw new IllegalArgumentException("there must be at least 1 request: got " + count);
        }
        if (shared < 0 || shared >= input) {
            throw new IllegalArgumentException(
                    "the shared beginning must be shorter than the prompts: got " + shared + " and " + input);
        }
        if (output < 2) {
            throw new IllegalArgumentException("each request must write at least 2 tokens: got " + output);
        }
    }

    /// Returns 8 requests of 512 tokens, 384 of them shared, that write 128.
    public static SharedRequests defaults() {
        return new SharedRequests(8, 512, 384, 128);
    }

    /// Returns the prompt of a request.
    int[] prompt(int request, int vocabSize) {
        int[] ids = new int[input];
        System.arraycopy(PromptIds.of(99, 0, shared, vocabSize), 0, ids, 0, shared);
        System.arraycopy(
                PromptIds.of(100 + request, shared, input - shared, vocabSize), 0, ids, shared, input - shared);
        return ids;
    }
}

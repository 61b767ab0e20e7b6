package org.zebralm.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What `manifest.json` says of a prepared folder; `docs/data.md` describes it field by field.
///
/// @param version the form of the manifest and the folder, now 1
/// @param createdBy the program that made the folder
/// @param tokenizer the tokenizer of every shard
/// @param heldOutShare the share of documents held out, by hash of their text
/// @param splits the shards
/// @param sources what was read, in the order given
public record PreparedManifest(
        int version,
        String createdBy,
        TokenizerFile tokenizer,
        double heldOutShare,
        Splits splits,
        List<Source> sources) {

    /// The form that this program writes and reads.
    public static final int VERSION = 1;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    public PreparedManifest {
        sources = List.copyOf(sources);
    }

    /// A copy of the tokenizer, in the folder.
    ///
    /// @param file its name
    /// @param sha256 [org.zebralm.tokenizer.Tokenizer#fingerprint]
    /// @param vocabSize every id is below this
    /// @param endOfText the id that ends each document
    public record TokenizerFile(String file, String sha256, int vocabSize, int endOfText) {}

    /// The two sides of the text; without documents held out the second is empty.
    public record Splits(List<Shard> train, List<Shard> heldOut) {

        public Splits {
            train = List.copyOf(train);
            heldOut = List.copyOf(heldOut);
        }
    }

    /// A token shard.
    ///
    /// @param file its name
    /// @param tokens the end-of-text ids included
    /// @param documents at least one
    /// @param crc32c the checksum in its header, in hexadecimal
    public record Shard(String file, long tokens, long documents, String crc32c) {}

    /// One of the paths or patterns read.
    ///
    /// @param pattern as it was given
    /// @param files files read
    /// @param bytes their text in UTF-8, without what was skipped
    /// @param documents documents written
    /// @param characters their length
    /// @param duplicates documents left out because their text had been read before
    /// @param numSkipped files and documents that could not be read
    /// @param skipped the first of those, each with its reason
    public record Source(
            String pattern,
            long files,
            long bytes,
            long documents,
            long characters,
            long duplicates,
            long numSkipped,
            List<ReadReport.Skipped> skipped) {

        public Source {
            skipped = List.copyOf(skipped);
        }
    }

    /// The tokens to train on.
    public long trainTokens() {
        return splits.train().stream().mapToLong(Shard::tokens).sum();
    }

    /// The tokens held out.
    public long heldOutTokens() {
        return splits.heldOut().stream().mapToLong(Shard::tokens).sum();
    }

    /// Reads a manifest; `IllegalArgumentException` says what is wrong, without the file's name.
    static PreparedManifest parse(byte[] json) {
        try {
            JsonNode tree = JSON.readTree(new String(json, StandardCharsets.UTF_8));
            JsonNode version = tree.path("version");
            if (!version.isInt()) {
                throw new IllegalArgumentException("it is no manifest: it has no version");
            }
            if (version.asInt() != VERSION) {
                throw new IllegalArgumentException("its version must be " + VERSION + ": got " + version.asInt()
                        + "; prepare the text again with this version of Zebra");
            }
            return JSON.treeToValue(tree, PreparedManifest.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("it is no manifest: " + e.getOriginalMessage(), e);
        }
    }

    byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new AssertionError("records of strings and numbers have a JSON form", e);
        }
    }
}

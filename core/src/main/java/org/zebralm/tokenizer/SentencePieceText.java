package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What SentencePiece does to a text before it cuts it, and undoes after it has put it together.
///
/// Source: `normalizer_spec` of a SentencePiece model, in the order of its `normalizer.cc`.
///
/// @param charsmap characters replaced by others, precompiled, in base 64; null where none are
/// @param dummyPrefix whether a blank is put before a text
/// @param removeExtraWhitespaces whether blanks at the ends go, and several become one
/// @param escapeWhitespaces whether blanks become `▁`
public record SentencePieceText(
        @Nullable String charsmap, boolean dummyPrefix, boolean removeExtraWhitespaces, boolean escapeWhitespaces) {

    /// As Llama and Mistral have it: a blank before the text, everything else as it is.
    public static final SentencePieceText LLAMA = new SentencePieceText(null, true, false, true);

    /// As Gemma has it: the text as it is.
    public static final SentencePieceText GEMMA = new SentencePieceText(null, false, false, true);

    private static final String BLANK = "▁";

    /// Puts the steps that tokenizer.json has for this into `normalizer` and `decoder`.
    void addTo(ObjectNode json, SentencePieceVocabulary vocabulary) {
        json.set("normalizer", normalizer(vocabulary.userDefined()));
        json.putNull("pre_tokenizer").putNull("post_processor");
        json.set("decoder", decoder(vocabulary.hasBytes()));
    }

    private @Nullable ObjectNode normalizer(List<String> userDefined) {
        ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
        ArrayNode steps = sequence.putArray("normalizers");
        if (charsmap != null) {
            steps.addObject().put("type", "Precompiled").put("precompiled_charsmap", charsmap);
        }
        if (removeExtraWhitespaces) {
            replace(steps, "Regex", "\\A +", "");
            replace(steps, "Regex", " {2,}", " ");
        }
        String blank = escapeWhitespaces ? BLANK : " ";
        if (dummyPrefix && userDefined.isEmpty()) {
            steps.addObject().put("type", "Prepend").put("prepend", blank);
        } else if (dummyPrefix) {
            // The library normalizes the pieces that it looks for, too; a blank before them would hide them.
            String pieces = userDefined.stream()
                    .sorted(Comparator.comparingInt(String::length).reversed())
                    .map(SentencePieceText::quoted)
                    .collect(Collectors.joining("|"));
            replace(steps, "Regex", "\\A(?!(?:" + pieces + ")?\\z)", blank);
        }
        if (escapeWhitespaces) {
            replace(steps, "String", " ", BLANK);
        }
        if (removeExtraWhitespaces) {
            replace(steps, "Regex", "(?:" + blank + ")+\\z", "");
        }
        return steps.isEmpty() ? null : sequence;
    }

    private ObjectNode decoder(boolean hasBytes) {
        ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
        ArrayNode steps = sequence.putArray("decoders");
        replace(steps, "String", BLANK, " ");
        if (hasBytes) {
            steps.addObject().put("type", "ByteFallback");
        }
        steps.addObject().put("type", "Fuse");
        if (escapeWhitespaces && (dummyPrefix || removeExtraWhitespaces)) {
            ObjectNode strip = steps.addObject().put("type", "Strip").put("content", " ");
            strip.put("start", removeExtraWhitespaces ? Integer.MAX_VALUE : 1).put("stop", 0);
        }
        return sequence;
    }

    private static void replace(ArrayNode steps, String kind, String pattern, String content) {
        ObjectNode step = steps.addObject().put("type", "Replace");
        step.putObject("pattern").put(kind, pattern);
        step.put("content", content);
    }

    private static String quoted(String text) {
        return Pattern.compile("[^\\p{L}\\p{N}]")
                .matcher(text)
                .replaceAll(match -> "\\\\x{%X}".formatted(match.group().codePointAt(0)));
    }
}

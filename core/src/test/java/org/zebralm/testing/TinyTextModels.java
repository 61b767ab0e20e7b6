package org.zebralm.testing;

import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tokenizer.TinyTokenizers;

/// Model folders with random weights, each of whose tokens is a byte.
public final class TinyTextModels {
    /// Writes out who speaks, and ends each message.
    public static final String CHAT_TEMPLATE =
            "{% for m in messages %}<{{ m.role }}>{{ m.content }}<|endoftext|>{% endfor %}"
                    + "{% if add_generation_prompt %}<assistant>{% endif %}";

    private TinyTextModels() {}

    /// Writes a folder whose model ends a text with `<|endoftext|>`.
    public static Path write(Path folder, int maxPositions) {
        var config = new ZebraConfig(
                257,
                24,
                40,
                4,
                2,
                8,
                List.of(GLOBAL, local(20), local(20), GLOBAL),
                10_000,
                1e-5,
                maxPositions,
                false,
                -1,
                TinyTokenizers.END_OF_TEXT,
                -1);
        var lifetime = new Lifetime();
        try (var _ = Scope.open()) {
            Path tokenizer = TinyTokenizers.bytes(folder);
            Zebra model = Zebra.load(
                    Params.of(new RandomWeights(3, DType.FLOAT32, lifetime)), config, new PortableAttention());
            ModelFolder.save(folder, config, model.parameters(), DType.FLOAT32, tokenizer);
            return folder;
        } finally {
            lifetime.close();
        }
    }

    /// Writes a folder with a chat template.
    public static Path writeChat(Path folder, int maxPositions) throws IOException {
        write(folder, maxPositions);
        Files.writeString(folder.resolve("chat_template.jinja"), CHAT_TEMPLATE);
        return folder;
    }

    /// Returns greedy settings under which such a model writes printable characters, and never ends.
    public static SamplingConfig printable(int maxTokens) {
        var settings = new SamplingConfig.Builder().temperature(0).maxTokens(maxTokens);
        for (int id = 0; id <= TinyTokenizers.END_OF_TEXT; id++) {
            if (id < ' ' || id > '~') {
                settings.logitBias(id, -100);
            }
        }
        return settings.build();
    }
}

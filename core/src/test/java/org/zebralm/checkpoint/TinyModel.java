package org.zebralm.checkpoint;

import java.util.List;
import java.util.Map;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.nn.Params;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// A freshly started model of a few thousand parameters.
record TinyModel(Zebra zebra, Lifetime lifetime) implements AutoCloseable {
    static final AttentionType GLOBAL = new AttentionType.Global();
    static final AttentionType LOCAL = new AttentionType.Local(5);

    static ZebraConfig config(boolean tied, AttentionType... types) {
        return new ZebraConfig(48, 16, 24, 4, 2, 4, List.of(types), 10_000, 1e-5, 64, tied, 1, 2, -1);
    }

    static TinyModel of(ZebraConfig config, long seed) {
        Lifetime lifetime = new Lifetime();
        try (var _ = Scope.open()) {
            Params params = Params.of(new FreshParams(seed, lifetime));
            return new TinyModel(Zebra.load(params, config, new PortableAttention()), lifetime);
        }
    }

    Map<String, Tensor> weights() {
        return zebra.parameters();
    }

    @Override
    public void close() {
        lifetime.close();
    }
}

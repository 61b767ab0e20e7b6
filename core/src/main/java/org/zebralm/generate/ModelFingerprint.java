package org.zebralm.generate;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Tells models apart whose keys and values differ: by settings, type, and the first row of every parameter.
final class ModelFingerprint {
    private ModelFingerprint() {}

    static String of(Zebra model) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(model.config().toString().getBytes(StandardCharsets.UTF_8));
            digest.update(model.dtype().label().getBytes(StandardCharsets.UTF_8));
            model.parameters().forEach((name, parameter) -> {
                try (var _ = Scope.open()) {
                    digest.update(name.getBytes(StandardCharsets.UTF_8));
                    Tensor row = parameter.narrow(0, 0, 1);
                    for (float value : (row.dtype().isFloating() ? row.to(DType.FLOAT32) : row).toFloats()) {
                        int bits = Float.floatToRawIntBits(value);
                        digest.update(
                                new byte[] {(byte) bits, (byte) (bits >> 8), (byte) (bits >> 16), (byte) (bits >> 24)});
                    }
                }
            });
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

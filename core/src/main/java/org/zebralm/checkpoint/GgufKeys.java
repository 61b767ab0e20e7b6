package org.zebralm.checkpoint;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The metadata of a GGUF file in the making, as the format has it.
final class GgufKeys {
    private final LittleEndianBytes bytes = new LittleEndianBytes();
    private final Set<String> keys = new HashSet<>();

    void put(String key, String text) {
        begin(key, GgufScalar.STRING).putText(text);
    }

    /// Puts a whole number that is not negative.
    void put(String key, int number) {
        begin(key, GgufScalar.UINT32).putInt(number);
    }

    void put(String key, double number) {
        begin(key, GgufScalar.FLOAT32).putFloat((float) number);
    }

    void put(String key, boolean flag) {
        begin(key, GgufScalar.BOOL).putByte(flag ? 1 : 0);
    }

    void putTexts(String key, List<String> texts) {
        beginList(key, GgufScalar.STRING, texts.size());
        texts.forEach(bytes::putText);
    }

    void putFlags(String key, List<Boolean> flags) {
        beginList(key, GgufScalar.BOOL, flags.size());
        flags.forEach(flag -> bytes.putByte(flag ? 1 : 0));
    }

    void putWholes(String key, int... numbers) {
        beginList(key, GgufScalar.INT32, numbers.length);
        for (int number : numbers) {
            bytes.putInt(number);
        }
    }

    void putReals(String key, float... numbers) {
        beginList(key, GgufScalar.FLOAT32, numbers.length);
        for (float number : numbers) {
            bytes.putFloat(number);
        }
    }

    int count() {
        return keys.size();
    }

    byte[] toBytes() {
        return bytes.toArray();
    }

    private LittleEndianBytes begin(String key, GgufScalar type) {
        return beginKey(key).putInt(type.code());
    }

    private void beginList(String key, GgufScalar type, int count) {
        beginKey(key).putInt(GgufScalar.LIST_CODE).putInt(type.code()).putLong(count);
    }

    private LittleEndianBytes beginKey(String key) {
        if (!keys.add(key)) {
            throw new IllegalStateException("the key " + key + " must be there once");
        }
        return bytes.putText(key);
    }
}

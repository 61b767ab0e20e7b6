package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.PickleValue.Dictionary;
import org.zebralm.checkpoint.PickleValue.Flag;
import org.zebralm.checkpoint.PickleValue.Global;
import org.zebralm.checkpoint.PickleValue.Items;
import org.zebralm.checkpoint.PickleValue.Other;
import org.zebralm.checkpoint.PickleValue.Storage;
import org.zebralm.checkpoint.PickleValue.Text;
import org.zebralm.checkpoint.PickleValue.Tuple;
import org.zebralm.checkpoint.PickleValue.Whole;
import org.zebralm.tensor.DType;

/// Reads a pickle that holds tensors and plain values, and nothing else.
///
/// A pickle is a program for a stack machine that can call whatever it names. This machine knows the instructions that
/// `torch.save` writes (protocols 2 to 5), and a name is data to it: calling means one of the three things in
/// [TorchRebuild], never code that the file chose.
final class Unpickler {
    /// Instructions of a checkpoint with 100,000 tensors; each makes at most one value, so this bounds memory.
    private static final int MAX_INSTRUCTIONS = 5_000_000;

    private static final int MIN_PROTOCOL = 2;
    private static final int MAX_PROTOCOL = 5;

    private final ByteCursor in;
    private final List<PickleValue> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Long, PickleValue> memo = new HashMap<>();

    private Unpickler(ByteCursor in) {
        this.in = in;
    }

    /// Reads one pickle, up to and with its end.
    ///
    /// @throws IllegalArgumentException saying what it holds that a checkpoint of tensors does not
    static PickleValue read(ByteCursor in) {
        return new Unpickler(in).read();
    }

    private PickleValue read() {
        for (int i = 0; i < MAX_INSTRUCTIONS; i++) {
            int instruction = in.readByte();
            if (instruction == '.') {
                return pop();
            }
            run(instruction);
        }
        throw in.refuse("a pickle must have at most " + MAX_INSTRUCTIONS + " instructions");
    }

    /// The instructions are those of Python's `pickletools`, named there.
    private void run(int instruction) {
        switch (instruction) {
            case 0x80 -> requireProtocol(in.readByte()); // PROTO
            case 0x95 -> in.readLong(); // FRAME: how far to read ahead
            case '(' -> marks.add(stack.size()); // MARK
            case 'N' -> stack.add(Other.NONE);
            case 0x88 -> stack.add(new Flag(true)); // NEWTRUE
            case 0x89 -> stack.add(new Flag(false)); // NEWFALSE
            case 'J' -> stack.add(new Whole(in.readInt())); // BININT
            case 'K' -> stack.add(new Whole(in.readByte())); // BININT1
            case 'M' -> stack.add(new Whole(in.readShort())); // BININT2
            case 0x8a -> stack.add(readLong(in.readByte())); // LONG1
            case 'G' -> { // BINFLOAT
                in.readLong();
                stack.add(new Other("a float"));
            }
            case 'X' -> stack.add(new Text(in.readText(in.readUnsignedInt()))); // BINUNICODE
            case 0x8c -> stack.add(new Text(in.readText(in.readByte()))); // SHORT_BINUNICODE
            case 0x8d -> stack.add(new Text(in.readText(in.readLong()))); // BINUNICODE8
            case ']' -> stack.add(new Items()); // EMPTY_LIST
            case '}' -> stack.add(new Dictionary()); // EMPTY_DICT
            case ')' -> stack.add(new Tuple(List.of())); // EMPTY_TUPLE
            case 0x85 -> pushTuple(1);
            case 0x86 -> pushTuple(2);
            case 0x87 -> pushTuple(3);
            case 't' -> stack.add(new Tuple(popToMark())); // TUPLE
            case 'a' -> append(List.of(pop())); // APPEND
            case 'e' -> append(popToMark()); // APPENDS
            case 's' -> setItems(popLast(2)); // SETITEM
            case 'u' -> setItems(popToMark()); // SETITEMS
            case 'q' -> memo.put((long) in.readByte(), peek()); // BINPUT
            case 'r' -> memo.put(in.readUnsignedInt(), peek()); // LONG_BINPUT
            case 0x94 -> memo.put((long) memo.size(), peek()); // MEMOIZE
            case 'h' -> stack.add(recall(in.readByte())); // BINGET
            case 'j' -> stack.add(recall(in.readUnsignedInt())); // LONG_BINGET
            case 'c' -> stack.add(global(readLine(), readLine())); // GLOBAL
            case 0x93 -> pushStackGlobal();
            case 'Q' -> stack.add(storage(pop())); // BINPERSID
            case 'R' -> reduce();
            case 'b' -> build();
            default ->
                throw in.refuse(
                        "the pickle must hold only tensors, and plain values beside them: got the instruction 0x%02x"
                                .formatted(instruction));
        }
    }

    private void requireProtocol(int protocol) {
        if (protocol < MIN_PROTOCOL || protocol > MAX_PROTOCOL) {
            throw in.refuse("the pickle's protocol must be from 2 to 5: got " + protocol);
        }
    }

    private Whole readLong(int count) {
        if (count > Long.BYTES) {
            throw in.refuse("a whole number must have at most 8 bytes: got " + count);
        }
        long value = 0;
        for (int i = 0; i < count; i++) {
            value |= (long) in.readByte() << (8 * i);
        }
        int unused = Long.SIZE - 8 * count;
        return new Whole(count == 0 ? 0 : value << unused >> unused); // the topmost bit is the sign
    }

    /// A name that stands in the pickle as a line of text.
    private String readLine() {
        var line = new StringBuilder();
        for (int c = in.readByte(); c != '\n'; c = in.readByte()) {
            if (c < ' ' || c > '~' || line.length() == 200) {
                throw in.refuse("a name must have at most 200 printable characters");
            }
            line.append((char) c);
        }
        return line.toString();
    }

    private void pushStackGlobal() {
        List<PickleValue> names = popLast(2);
        if (names.getFirst() instanceof Text(String module) && names.getLast() instanceof Text(String name)) {
            stack.add(global(module, name));
        } else {
            throw in.refuse("a name must consist of two texts");
        }
    }

    private Global global(String module, String name) {
        String full = module + "." + name;
        if (!TorchGlobals.isKnown(full)) {
            throw in.refuse("the pickle names " + abbreviated(full)
                    + ", which is no tensor storage: only tensors and plain values are read, so that no file can run"
                    + " code; save the model's state_dict alone, or as safetensors");
        }
        return new Global(full);
    }

    private static String abbreviated(String name) {
        return name.length() <= 200 ? name : name.substring(0, 200) + "...";
    }

    /// What `torch.save` writes in place of a storage: `("storage", type, key, device, numElements)`.
    private Storage storage(PickleValue id) {
        if (id instanceof Tuple(List<PickleValue> items)
                && items.size() >= 5
                && items.getFirst() instanceof Text(String kind)
                && kind.equals("storage")
                && items.get(1) instanceof Global(String type)
                && items.get(2) instanceof Text(String key)
                && items.get(4) instanceof Whole(long numElements)) {
            @Nullable DType dtype = TorchGlobals.storageType(type);
            if (dtype == null || numElements < 0) {
                throw in.refuse("a storage must have a type and a size: got " + type + " and " + numElements);
            }
            if (items.size() > 5 && !items.get(5).equals(Other.NONE)) {
                throw in.refuse("views of storages are not implemented; save the checkpoint with PyTorch 1.6 or later");
            }
            return new Storage(dtype, key, numElements);
        }
        throw in.refuse("a storage must be named by its type, key, device and size: got " + id.describe());
    }

    private void reduce() {
        List<PickleValue> call = popLast(2);
        if (call.getFirst() instanceof Global(String name)
                && call.getLast() instanceof Tuple(List<PickleValue> items)) {
            try {
                stack.add(TorchRebuild.call(name, items));
            } catch (IllegalArgumentException e) {
                throw in.refuse(String.valueOf(e.getMessage()));
            }
        } else {
            throw in.refuse("only a name can be called: got " + call.getFirst().describe());
        }
    }

    /// Attributes, which a state_dict has for the versions of its modules; they change no tensor.
    private void build() {
        PickleValue attributes = pop();
        if (!(peek() instanceof Dictionary) || !(attributes instanceof Dictionary)) {
            throw in.refuse("only a dictionary may have attributes: got " + peek().describe());
        }
    }

    private void append(List<PickleValue> items) {
        if (!(peek() instanceof Items(List<PickleValue> list))) {
            throw in.refuse("only a list can be appended to: got " + peek().describe());
        }
        list.addAll(items);
    }

    private void setItems(List<PickleValue> keysAndValues) {
        if (!(peek() instanceof Dictionary(Map<PickleValue, PickleValue> items)) || keysAndValues.size() % 2 != 0) {
            throw in.refuse("only a dictionary takes pairs of keys and values: got " + peek().describe());
        }
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            PickleValue key = keysAndValues.get(i);
            if (!(key instanceof Text || key instanceof Whole)) {
                throw in.refuse("a key must be a text or a whole number: got " + key.describe());
            }
            items.put(key, keysAndValues.get(i + 1));
        }
    }

    private void pushTuple(int size) {
        stack.add(new Tuple(popLast(size)));
    }

    private PickleValue recall(long key) {
        PickleValue value = memo.get(key);
        if (value == null) {
            throw in.refuse("the pickle recalls " + key + ", which it did not store");
        }
        return value;
    }

    private PickleValue peek() {
        requireOnStack(1);
        return stack.getLast();
    }

    private PickleValue pop() {
        requireOnStack(1);
        return stack.removeLast();
    }

    private List<PickleValue> popLast(int count) {
        requireOnStack(count);
        return cut(stack.size() - count);
    }

    private List<PickleValue> popToMark() {
        if (marks.isEmpty()) {
            throw in.refuse("the pickle ends a list that it did not begin");
        }
        return cut(marks.removeLast());
    }

    private List<PickleValue> cut(int from) {
        List<PickleValue> top = stack.subList(from, stack.size());
        List<PickleValue> items = List.copyOf(top);
        top.clear();
        return items;
    }

    private void requireOnStack(int count) {
        int bottom = marks.isEmpty() ? 0 : marks.getLast();
        if (stack.size() - bottom < count) {
            throw in.refuse("the pickle takes a value that it did not make");
        }
    }
}

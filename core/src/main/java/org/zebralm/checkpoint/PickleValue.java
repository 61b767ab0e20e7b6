package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zebralm.tensor.DType;

/// What a pickle may hold here: plain values, lists, dictionaries, and tensors on named storages.
///
/// Lists and dictionaries are filled after they are made, so a value may contain itself: none is ever compared or
/// printed whole.
sealed interface PickleValue {
    /// None, numbers other than whole ones, and whatever else is of no use to us.
    record Other(String kind) implements PickleValue {
        static final Other NONE = new Other("None");
    }

    record Flag(boolean value) implements PickleValue {}

    record Whole(long value) implements PickleValue {}

    record Text(String value) implements PickleValue {}

    record Tuple(List<PickleValue> items) implements PickleValue {}

    /// A list while it is filled.
    record Items(List<PickleValue> items) implements PickleValue {
        Items() {
            this(new ArrayList<>());
        }
    }

    /// A dictionary while it is filled; keys are texts or whole numbers.
    record Dictionary(Map<PickleValue, PickleValue> items) implements PickleValue {
        Dictionary() {
            this(new LinkedHashMap<>());
        }
    }

    /// A name of Python's, one of the few that mean something here.
    record Global(String name) implements PickleValue {}

    /// Numbers of one type in a place of their own, on which tensors lie.
    record Storage(DType dtype, String key, long numElements) implements PickleValue {}

    /// A tensor: elements of a storage, from `offset` on, `strides` apart; all in elements.
    record View(Storage storage, long offset, List<Long> shape, List<Long> strides) implements PickleValue {}

    /// Says in a word what this is.
    default String describe() {
        return switch (this) {
            case Other(String kind) -> kind;
            case Flag _ -> "a bool";
            case Whole _ -> "a whole number";
            case Text _ -> "a text";
            case Tuple _ -> "a tuple";
            case Items _ -> "a list";
            case Dictionary _ -> "a dictionary";
            case Global(String name) -> name;
            case Storage _ -> "a storage";
            case View _ -> "a tensor";
        };
    }
}

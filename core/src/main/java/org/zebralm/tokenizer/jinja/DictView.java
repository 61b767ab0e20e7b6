package org.zebralm.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;

/// What `keys()`, `values()` and `items()` of a dict return.
record DictView(Dict dict, Kind kind) {
    enum Kind {
        KEYS("dict_keys"),
        VALUES("dict_values"),
        ITEMS("dict_items");

        final String type;

        Kind(String type) {
            this.type = type;
        }
    }

    List<Object> items() {
        List<Object> items = new ArrayList<>(dict.size());
        for (Dict.Entry entry : dict.entries()) {
            items.add(
                    switch (kind) {
                        case KEYS -> entry.key();
                        case VALUES -> entry.value();
                        case ITEMS -> Tuple.of(entry.key(), entry.value());
                    });
        }
        return items;
    }
}

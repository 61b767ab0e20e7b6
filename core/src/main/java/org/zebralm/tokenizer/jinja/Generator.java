package org.zebralm.tokenizer.jinja;

import java.util.Iterator;

/// Items that come one by one, and once: what `map`, `select` and their like return.
record Generator(Iterator<Object> items) {}

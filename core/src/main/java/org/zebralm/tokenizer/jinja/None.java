package org.zebralm.tokenizer.jinja;

/// Python's `None`.
enum None {
    NONE
}

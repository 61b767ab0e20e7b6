/// Jinja as chat templates use it: parsed, checked and rendered as Python's Jinja 3.1 does in transformers' sandbox.
@NullMarked
package org.zebralm.tokenizer.jinja;

import org.jspecify.annotations.NullMarked;

/// What a model is worth: perplexity by context length.
@NullMarked
package org.zebralm.eval;

import org.jspecify.annotations.NullMarked;

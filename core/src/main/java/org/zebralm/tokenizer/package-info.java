/// Text to ids and back. Stands alone.
@NullMarked
package org.zebralm.tokenizer;

import org.jspecify.annotations.NullMarked;

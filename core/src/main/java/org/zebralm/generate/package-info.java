/// Tokens out: prefill in chunks, decode with the cache, sample, stream.
@NullMarked
package org.zebralm.generate;

import org.jspecify.annotations.NullMarked;

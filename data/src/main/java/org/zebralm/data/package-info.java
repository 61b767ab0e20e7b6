/// Text readers, tokenizer training, token shards, packed batches.
@NullMarked
package org.zebralm.data;

import org.jspecify.annotations.NullMarked;

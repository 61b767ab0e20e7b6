/// Oracles in plain float64 loops, tiny models, and assertions on tensors.
@NullMarked
package org.zebralm.testing;

import org.jspecify.annotations.NullMarked;

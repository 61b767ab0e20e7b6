/// The trainer: layer by layer, resumable to the bit.
@NullMarked
package org.zebralm.train;

import org.jspecify.annotations.NullMarked;

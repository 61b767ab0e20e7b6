/// Attention: one interface with an explicit forward and backward, global or within a window.
@NullMarked
package org.zebralm.kernel;

import org.jspecify.annotations.NullMarked;

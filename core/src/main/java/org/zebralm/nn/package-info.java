/// Layers any decoder has, as records built from path-scoped parameters.
@NullMarked
package org.zebralm.nn;

import org.jspecify.annotations.NullMarked;

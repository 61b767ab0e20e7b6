/// The Zebra architecture: groups of layers, the first global, the others within a sliding window.
@NullMarked
package org.zebralm.model;

import org.jspecify.annotations.NullMarked;

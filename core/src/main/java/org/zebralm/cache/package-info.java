/// Keys and values in pages: shared by sequences that begin alike, kept for those to come, within one budget.
@NullMarked
package org.zebralm.cache;

import org.jspecify.annotations.NullMarked;

/// How fast attention runs: the cases, the implementations beside each other, and JMH's view of the same; tokenizers.
@NullMarked
package org.zebralm.bench;

import org.jspecify.annotations.NullMarked;

/// libtorch, and nothing above this package sees it: tensors, scopes, dtypes, autograd.
@NullMarked
package org.zebralm.tensor;

import org.jspecify.annotations.NullMarked;

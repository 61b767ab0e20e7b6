/// One class per verb of the command line.
@NullMarked
package org.zebralm.cli;

import org.jspecify.annotations.NullMarked;

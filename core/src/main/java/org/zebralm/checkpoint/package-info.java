/// What is on disk: safetensors and the Hugging Face model folder.
@NullMarked
package org.zebralm.checkpoint;

import org.jspecify.annotations.NullMarked;

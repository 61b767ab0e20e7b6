package org.zebralm.train;

import java.nio.file.Path;

/// What a checkpoint took to write.
///
/// @param step steps done in it
/// @param bytes size of the file
/// @param seconds wall time, forcing it to disk included
public record SaveReport(int step, Path file, long bytes, double seconds) {}

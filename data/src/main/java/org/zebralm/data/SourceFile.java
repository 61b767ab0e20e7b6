package org.zebralm.data;

import java.nio.file.Path;

/// A file to read documents from.
///
/// @param source which of the paths and patterns named it, from 0
/// @param id its path from the folder named, that folder's name included
/// @param size in bytes, as it lies on the disk
record SourceFile(int source, String id, Path path, long size) {}

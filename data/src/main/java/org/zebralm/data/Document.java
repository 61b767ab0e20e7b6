package org.zebralm.data;

/// A text with a name.
///
/// @param id the same on every machine that reads the same data, since [HeldOut] decides by it
/// @param text well-formed or not; encoding repairs it
public record Document(String id, String text) {}

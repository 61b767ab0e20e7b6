package org.zebralm.data;

/// A document with the bytes of its text in UTF-8.
record ReadDocument(Document document, long numBytes) {}

package org.zebralm.tokenizer.jinja;

/// A name or element that is not there: prints as nothing, is false, and refuses everything else.
record Undefined(String message) {
    static Undefined named(String name) {
        return new Undefined("'" + name + "' is undefined");
    }

    static Undefined element(Object owner, Object key) {
        String type = owner == None.NONE ? "None" : Types.nameOf(owner) + " object";
        return new Undefined(
                key instanceof String name
                        ? "'" + type + "' has no attribute '" + name + "'"
                        : type + " has no element " + (key instanceof Number ? key : Types.nameOf(key)));
    }

    static Undefined unsafe(Object owner, String name) {
        return new Undefined("access to attribute '" + name + "' of '" + Types.nameOf(owner) + "' object is unsafe");
    }

    TemplateException error() {
        return TemplateException.runtime(message);
    }
}

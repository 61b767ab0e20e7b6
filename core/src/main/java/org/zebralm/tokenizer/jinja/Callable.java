package org.zebralm.tokenizer.jinja;

/// What a template can call.
interface Callable {
    Object call(Arguments arguments);

    /// A function or method by its name.
    record Function(String name, Callable body) implements Callable {
        @Override
        public Object call(Arguments arguments) {
            return body.call(arguments);
        }
    }
}

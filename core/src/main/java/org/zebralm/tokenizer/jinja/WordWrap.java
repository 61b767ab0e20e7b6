package org.zebralm.tokenizer.jinja;

/// The filter `wordwrap`, for words without hyphens.
final class WordWrap {
    private WordWrap() {}

    static Object filter(Object value, Arguments arguments, Evaluator evaluator) {
        throw TemplateException.runtime("the filter wordwrap is not implemented");
    }
}

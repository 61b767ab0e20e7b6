package org.zebralm.tokenizer.jinja;

import java.math.BigInteger;
import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.List;
import org.zebralm.tokenizer.jinja.Callable.Function;

/// The functions that every template has.
final class Globals {
    private Globals() {}

    static void addTo(Frame frame, Clock clock, Budget budget) {
        add(frame, "range", Globals::range);
        add(frame, "dict", arguments -> dict(arguments, budget));
        add(frame, "namespace", arguments -> {
            var namespace = new Namespace();
            for (Dict.Entry entry : dict(arguments, budget).entries()) {
                namespace.attributes().put(Printing.text(entry.key(), budget), entry.value());
            }
            return namespace;
        });
        add(frame, "cycler", arguments -> new Cycler(arguments.positional()));
        add(frame, "joiner", arguments -> {
            Object separator = arguments.bind("joiner", 0, "sep").get(0, ", ");
            boolean[] used = new boolean[1];
            return new Function("joiner", _ -> {
                Object text = used[0] ? separator : "";
                used[0] = true;
                return text;
            });
        });
        add(frame, "lipsum", _ -> {
            throw TemplateException.runtime("the function lipsum is not implemented");
        });
        add(frame, "raise_exception", arguments -> {
            Object message = arguments.bind("raise_exception", 1, "message").get(0);
            throw TemplateException.raised(Printing.text(message, budget));
        });
        add(
                frame,
                "strftime_now",
                arguments -> Strftime.format(
                        arguments.bind("strftime_now", 1, "format").text(0), ZonedDateTime.now(clock), budget));
    }

    private static void add(Frame frame, String name, Callable body) {
        frame.set(name, new Function(name, body));
    }

    private static Object range(Arguments arguments) {
        var bound = arguments.bindPositions("range", 1, 3);
        BigInteger first = bound.integer(0);
        BigInteger step = bound.has(2) ? bound.integer(2) : BigInteger.ONE;
        return bound.has(1) ? new Range(first, bound.integer(1), step) : new Range(BigInteger.ZERO, first, step);
    }

    private static Dict dict(Arguments arguments, Budget budget) {
        var dict = new Dict();
        if (arguments.positional().size() > 1) {
            throw TemplateException.runtime("dict expected at most 1 argument");
        }
        if (!arguments.positional().isEmpty()) {
            Object source = arguments.positional().getFirst();
            List<Object> pairs = source instanceof Dict given
                    ? new DictView(given, DictView.Kind.ITEMS).items()
                    : Types.list(source, budget);
            budget.make(pairs.size());
            for (Object pair : pairs) {
                List<Object> both = Types.list(pair, budget);
                if (both.size() != 2) {
                    throw TemplateException.runtime("a dict must be made of pairs");
                }
                dict.put(both.get(0), both.get(1));
            }
        }
        arguments.named().forEach(dict::put);
        return dict;
    }
}

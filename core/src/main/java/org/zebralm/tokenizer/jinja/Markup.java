package org.zebralm.tokenizer.jinja;

/// Text marked as safe HTML by `safe` or `escape`: it prints as it is, and what is added to it is escaped.
record Markup(String text) {
    static Markup escape(Object value, Budget budget) {
        if (value instanceof Markup markup) {
            return markup;
        }
        String text = Printing.text(value, budget);
        var escaped = new StringBuilder();
        budget.make(text.length() * 5L);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&#34;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(c);
            }
        }
        return new Markup(escaped.toString());
    }
}

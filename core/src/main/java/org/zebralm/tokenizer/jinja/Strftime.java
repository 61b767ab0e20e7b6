package org.zebralm.tokenizer.jinja;

import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/// Dates as C's `strftime` prints them in the C locale.
final class Strftime {
    private Strftime() {}

    static String format(String format, ZonedDateTime time, Budget budget) {
        var out = new StringBuilder();
        budget.make(format.length() * 8L);
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            int start = i++;
            char flag = "-_0^#".indexOf(format.charAt(i)) >= 0 && i + 1 < format.length() ? format.charAt(i++) : 0;
            String text = directive(format.charAt(i), time, budget);
            out.append(text == null ? format.substring(start, i + 1) : flagged(text, flag));
        }
        return out.toString();
    }

    private static String flagged(String text, char flag) {
        int digits = 0;
        while (digits < text.length() - 1 && (text.charAt(digits) == '0' || text.charAt(digits) == ' ')) {
            digits++;
        }
        return switch (flag) {
            case '-' -> text.substring(digits);
            case '_' -> " ".repeat(digits) + text.substring(digits);
            case '0' -> "0".repeat(digits) + text.substring(digits);
            case '^', '#' -> Casing.upper(text);
            default -> text;
        };
    }

    private static @org.jspecify.annotations.Nullable String directive(char c, ZonedDateTime time, Budget budget) {
        int hour12 = (time.getHour() + 11) % 12 + 1;
        int sunday = time.getDayOfWeek().getValue() % 7;
        return switch (c) {
            case 'Y' -> String.valueOf(time.getYear());
            case 'C' -> two(time.getYear() / 100);
            case 'y' -> two(time.getYear() % 100);
            case 'm' -> two(time.getMonthValue());
            case 'd' -> two(time.getDayOfMonth());
            case 'e' -> blank(time.getDayOfMonth());
            case 'H' -> two(time.getHour());
            case 'I' -> two(hour12);
            case 'k' -> blank(time.getHour());
            case 'l' -> blank(hour12);
            case 'M' -> two(time.getMinute());
            case 'S' -> two(time.getSecond());
            case 'f' -> String.format(Locale.ROOT, "%06d", time.getNano() / 1000);
            case 'j' -> String.format(Locale.ROOT, "%03d", time.getDayOfYear());
            case 'p' -> time.getHour() < 12 ? "AM" : "PM";
            case 'P' -> time.getHour() < 12 ? "am" : "pm";
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b', 'h' ->
                time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3);
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' ->
                time.getDayOfWeek()
                        .getDisplayName(TextStyle.FULL, Locale.ENGLISH)
                        .substring(0, 3);
            case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
            case 'w' -> String.valueOf(sunday);
            case 'U' -> two((time.getDayOfYear() + 6 - sunday) / 7);
            case 'W' -> two((time.getDayOfYear() + 6 - (sunday + 6) % 7) / 7);
            case 'V' -> two(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
            case 'G' -> String.valueOf(time.get(IsoFields.WEEK_BASED_YEAR));
            case 'g' -> two(time.get(IsoFields.WEEK_BASED_YEAR) % 100);
            case 's' -> String.valueOf(time.getLong(ChronoField.INSTANT_SECONDS));
            case 'F' -> format("%Y-%m-%d", time, budget);
            case 'T', 'X' -> format("%H:%M:%S", time, budget);
            case 'R' -> format("%H:%M", time, budget);
            case 'D', 'x' -> format("%m/%d/%y", time, budget);
            case 'r' -> format("%I:%M:%S %p", time, budget);
            case 'c' -> format("%a %b %e %H:%M:%S %Y", time, budget);
            case 'n' -> "\n";
            case 't' -> "\t";
            case '%' -> "%";
            // Python's local time carries no zone.
            case 'z', 'Z' -> "";
            default -> null;
        };
    }

    private static String two(int number) {
        return number < 10 ? "0" + number : String.valueOf(number);
    }

    private static String blank(int number) {
        return number < 10 ? " " + number : String.valueOf(number);
    }
}

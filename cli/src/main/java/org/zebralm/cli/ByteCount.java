package org.zebralm.cli;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads a number of bytes as people write it: `800m`, `2g`, `1.5 GiB`, in powers of 1024.
final class ByteCount implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([kmgt]?)(?:i?b)?");
    private static final String UNITS = "kmgt";

    @Override
    public Long convert(String text) {
        Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text + "' is no number of bytes such as 800m or 2g");
        }
        int unit = UNITS.indexOf(matcher.group(2));
        int power = matcher.group(2).isEmpty() ? 0 : unit + 1;
        BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(1L << (10 * power)));
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new TypeConversionException("'" + text + "' is more than any machine has");
        }
        return bytes.longValue();
    }
}

package org.zebralm.data;

import java.util.List;

/// How often the documents of some length come, against what their tokens would make: 3 shows them three times
/// while others come once, 0 leaves them out.
///
/// A stratum reaches up to where the next begins, the last to any length; documents below the first have factor
/// 1.
///
/// @param minTokens the tokens of its shortest document, the end-of-text id included
/// @param factor at least 0
public record LengthStratum(long minTokens, double factor) {

    public LengthStratum {
        if (minTokens < 0) {
            throw new IllegalArgumentException("a stratum's minTokens must be at least 0: got " + minTokens);
        }
        if (!(factor >= 0 && factor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("a stratum's factor must be at least 0 and finite: got " + factor);
        }
    }

    public static void requireAscending(List<LengthStratum> strata) {
        for (int i = 1; i < strata.size(); i++) {
            if (strata.get(i).minTokens <= strata.get(i - 1).minTokens) {
                throw new IllegalArgumentException("strata must ascend by minTokens: got " + strata.get(i - 1).minTokens
                        + " before " + strata.get(i).minTokens);
            }
        }
    }
}

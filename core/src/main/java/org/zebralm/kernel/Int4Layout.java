package org.zebralm.kernel;

/// Where the weights of a matrix of 4 bits each lie, to the bit: outputs in lanes.
///
/// Outputs are padded to a multiple of 32, columns to whole groups, with the number 8 and the scale 0. 32 outputs are a
/// *panel*, which lies in one piece. Its words are those of columns 0 to 7 of each output, then those of the next
/// eight:
/// `[output / 32][column / 8][output % 32]`; column `8 v + j` is in bits `4 j` to `4 j + 3`. Scales lie in the order
/// `[output / 32][group][output % 32]`.
///
/// So two loads of 64 bytes give a kernel eight columns of 32 outputs, all of one group, that meet the same inputs;
/// sums
/// need not be added across lanes.
///
/// @param group columns that share a scale: 32, 64 or 128
record Int4Layout(int outputs, int inputs, int group) {
    /// Outputs of a panel, on every machine.
    static final int LANES = 32;

    /// Columns of a word.
    static final int COLUMNS = 8;

    /// Bytes from the words of some columns of a panel to those of the next.
    static final int VECTOR_BYTES = 4 * LANES;

    /// What is subtracted from a stored number.
    static final int ZERO = 8;

    Int4Layout {
        if (outputs < 1 || inputs < 1) {
            throw new IllegalArgumentException("a matrix needs rows and columns: got " + outputs + " x " + inputs);
        }
        if (group != 32 && group != 64 && group != 128) {
            throw new IllegalArgumentException("group must be 32, 64 or 128: got " + group);
        }
    }

    /// Returns the columns, padded.
    int paddedInputs() {
        return groups() * group;
    }

    /// Returns how many scales an output has.
    int groups() {
        return (inputs + group - 1) / group;
    }

    int panels() {
        return (outputs + LANES - 1) / LANES;
    }

    /// Returns the words of an output.
    int vectors() {
        return paddedInputs() / COLUMNS;
    }

    /// Returns the place of the word among all that holds a column of an output.
    long word(int output, int column) {
        return ((long) output / LANES * vectors() + column / COLUMNS) * LANES + output % LANES;
    }

    /// Returns the place of a scale among all.
    long scale(int output, int ofGroup) {
        return ((long) output / LANES * groups() + ofGroup) * LANES + output % LANES;
    }

    /// Returns the shape of the tensor of words.
    long[] wordsShape() {
        return new long[] {panels(), vectors(), LANES};
    }

    /// Returns the shape of the tensor of scales.
    long[] scalesShape() {
        return new long[] {panels(), groups(), LANES};
    }
}

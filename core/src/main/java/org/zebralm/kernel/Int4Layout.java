package org.zebralm.kernel;

/// Where the weights of a matrix of 4 bits each lie, to the bit.
///
/// Columns are padded to a multiple of 128 and cut into blocks of `128 * vectors` columns: four vectors where 512
/// divides
/// the padded columns, else two where 256 does, else one. A block gives each of 16 lanes `8 * vectors` neighbouring
/// columns: column `c` of a block is number `t = c % (8 * vectors)` of lane `c / (8 * vectors)`. A lane's numbers `8
/// v` to
/// `8 v + 7` are the 32-bit word of that lane in vector `v`, number `8 v + j` in its bits `4 j` to `4 j + 3`. Rows are
/// padded to a multiple of 4; four rows lie side by side. The words' order in memory is
/// `[row / 4][block][vector][row % 4][lane]`.
///
/// So one load gives a kernel 16 groups at once, one a lane, and what a group has in common is multiplied once for a
/// block instead of once for each of its weights.
///
/// @param group columns that share a scale: 32, 64 or 128
record Int4Layout(int outputs, int inputs, int group) {
    /// Lanes of a vector of words, on every machine.
    static final int LANES = 16;
    /// Rows that lie side by side.
    static final int ROWS = 4;

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
        return (inputs + 127) / 128 * 128;
    }

    /// Returns the vectors of words of a block.
    int vectors() {
        int padded = paddedInputs();
        return padded % 512 == 0 ? 4 : padded % 256 == 0 ? 2 : 1;
    }

    /// Returns the columns of a block.
    int blockInputs() {
        return 128 * vectors();
    }

    /// Returns the neighbouring columns that a block gives each lane.
    int laneInputs() {
        return 8 * vectors();
    }

    int blocks() {
        return paddedInputs() / blockInputs();
    }

    int rowBlocks() {
        return (outputs + ROWS - 1) / ROWS;
    }

    /// Returns how many scales a row has.
    int groups() {
        return (inputs + group - 1) / group;
    }

    /// Returns the words of four rows.
    int rowBlockWords() {
        return paddedInputs() / 8 * ROWS;
    }

    /// Returns the words of four rows in one block.
    int blockWords() {
        return vectors() * ROWS * LANES;
    }

    /// Returns the place of a word among all.
    long word(int row, int block, int vector, int lane) {
        return (long) row / ROWS * rowBlockWords()
                + (long) block * blockWords()
                + ((long) vector * ROWS + row % ROWS) * LANES
                + lane;
    }

    /// Returns the shape of the tensor of words.
    long[] wordsShape() {
        return new long[] {rowBlocks(), paddedInputs() / 128, ROWS, LANES};
    }

    /// Returns the shape of the tensor of scales.
    long[] scalesShape() {
        return new long[] {outputs, groups()};
    }

    /// Returns the group that a lane of a block belongs to; padded columns may have one beyond the last.
    int groupOf(int block, int lane) {
        return (block * blockInputs() + lane * laneInputs()) / group;
    }
}

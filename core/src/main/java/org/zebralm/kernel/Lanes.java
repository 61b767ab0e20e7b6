package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The vector width of this machine, decided once: constants, so that C2 compiles every loop for that one
/// width.
final class Lanes {
    /// The machine's widest vectors, at most 512 bits: a block is 64 lanes, four of those.
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED.vectorBitSize() > 512
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;

    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

    /// As many 16-bit elements as [#FLOATS] has lanes.
    static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

    static final int COUNT = FLOATS.length();

    /// Queries of a block, one per lane, and keys of a tile.
    ///
    /// Also the most steps that a loop over vectors takes in one call. A longer one is compiled while it runs,
    /// before the method is as a whole; C2 then takes the vectors that live across the loop for objects, and
    /// code so compiled has been seen to stay, at a quarter of the speed.
    static final int BLOCK = 64;

    /// Vectors that cover a block.
    static final int PER_BLOCK = BLOCK / COUNT;

    /// Keys (or queries) whose visibility is decided together.
    static final int GROUP = 16;

    /// Vectors per row of a register tile: four rows need 4 x 4 accumulators of 32 registers, or 4 x 2 of 16.
    static final int TILE_VECTORS =
            COUNT == 16 || System.getProperty("os.arch", "").equals("aarch64") ? 4 : 2;

    private static final VectorShuffle<Float> BY_8 = by(8);
    private static final VectorShuffle<Float> BY_4 = by(4);
    private static final VectorShuffle<Float> BY_2 = by(2);
    private static final VectorShuffle<Float> BY_1 = by(1);

    private Lanes() {}

    /// Sums a vector's lanes: either half, then either half of that.
    ///
    /// `reduceLanes` leaves the order open, and does use another in interpreted code than in compiled code: a
    /// run would have other bits from the step on at which a kernel is compiled.
    static float sum(FloatVector lanes) {
        FloatVector sum = lanes;
        if (COUNT >= 16) {
            sum = sum.add(sum.rearrange(BY_8));
        }
        if (COUNT >= 8) {
            sum = sum.add(sum.rearrange(BY_4));
        }
        sum = sum.add(sum.rearrange(BY_2));
        return sum.add(sum.rearrange(BY_1)).lane(0);
    }

    private static VectorShuffle<Float> by(int lanes) {
        return VectorShuffle.fromOp(FLOATS, lane -> (lane + lanes) % COUNT);
    }

    /// Rounds a head's width up to what the transposes and panels take.
    static int padded(int width) {
        return (width + GROUP - 1) / GROUP * GROUP;
    }

    static String describe() {
        return COUNT + " lanes of float32";
    }

    static {
        assert ShortVector.SPECIES_MAX.length() >= COUNT && IntVector.SPECIES_MAX.length() >= COUNT;
    }
}

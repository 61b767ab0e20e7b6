package org.zebralm.train;

import org.zebralm.tensor.DType;

/// What a run starts with, or goes on with after an interruption.
///
/// @param step steps done so far
/// @param parameters of the model
/// @param compute what the model computes with
/// @param gemmFlops measured FLOP/s of a matrix product of that type here: what MFU is a share of
/// @param machine what it runs on, for people
public record RunStart(int step, long parameters, DType compute, double gemmFlops, String machine) {}

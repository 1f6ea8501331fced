#pragma once

// Runs `rounds` rounds of independent fused multiply-adds on all lanes of the widest vectors that this program uses, and
// returns how many multiply-adds one round does. `sink` keeps the compiler from dropping the work.
long hb_multiply_add_rounds(long rounds, float *sink);

// The same of products of bfloat16 pairs, each of which counts as two multiply-adds; 0 where the processor has none.
long hb_pair_multiply_add_rounds(long rounds, float *sink);

#pragma once

/// The level of x86-64 (1, 3 or 4) whose clones of the kernels run on this processor; 0 for other architectures.
int hb_instruction_level(void);

/// 1 when the kernels were compiled with optimisation.
int hb_is_optimized(void);

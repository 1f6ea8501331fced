#pragma once

// The number of processors in this process's affinity mask, 0 where the system has no such mask; the numbers of the first
// `capacity` of them go into `processors`.
int hb_processors_in_mask(int *processors, int capacity);

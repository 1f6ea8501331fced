#pragma once

// The number of processors in this process's affinity mask, 0 where the system has no such mask.
int hb_processors_in_mask(void);

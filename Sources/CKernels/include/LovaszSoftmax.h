#pragma once
#include <stdint.h>

// The Lovasz extension of the Jaccard loss of one class: p are the class's probabilities in all rows, rows of the label
// `ignored` count for nothing, and at least one label is `class`. The gradient is `share` times that of each p, 0 where a
// row does not count. `room` holds 4 rows numbers; there are fewer than 2^31 rows.
double hb_lovasz_class(const float *p, const uint8_t *labels, int ignored, int class, float share, float *gradient,
                       uint32_t *room, long rows);

#pragma once
#include <stdint.h>

// The Lovasz extension of the Jaccard loss of one class: p [rows, columns] are probabilities, rows of the label `ignored`
// count for nothing, and at least one label is `class`. Writes `share` times the gradient of p[r, class] into the gradient
// where a row counts. `room` holds 4 rows numbers.
double hb_lovasz_class(const float *p, const uint8_t *labels, int ignored, int class, float share, float *gradient,
                       uint32_t *room, long rows, long columns);

#pragma once
#include <stdint.h>

// Boxes come as five columns, `stride` apart: left, top, right and bottom sides, and areas. One box is those five numbers.

// out[i] = overlap of the box with box i of the columns. kind 0: intersection over union; 1: generalized; 2: intersection
// over the one box's area. Nothing over nothing is 0.
void hb_box_overlaps(const double *box, const double *columns, long stride, long count, int kind, double *out);
// Box `index` is offered to each box of the columns: where it overlaps one by more than best[i] so far, best[i] and which[i]
// become its own. Returns the greatest overlap, 0 for none.
double hb_offer_box(const double *box, const double *columns, long stride, long count, int32_t index, double *best,
                    int32_t *which);
// suppressed[i] = 1 where the intersection of the box with box i of the columns over their union is above the threshold.
void hb_suppress_boxes(const double *box, const double *columns, long stride, long count, double threshold,
                       uint8_t *suppressed);

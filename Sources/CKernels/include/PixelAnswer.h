#pragma once
#include <stdint.h>

// The class with the largest score of each row [rows, classes], the first of equal ones. Where labels are given, adds up
// -log softmax at the label over the rows whose label is not `ignored` and below `classes`; returns the sum.
double hb_pixel_answers(const float *scores, long rows, long classes, const uint8_t *labels, uint8_t ignored,
                        uint8_t *answers);

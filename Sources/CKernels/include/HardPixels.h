#pragma once
#include <stdint.h>

// out = e^(x[label] - log_sums) of each row, 2 where the label is `ignored`. What is not a number becomes 0, the hardest.
void hb_label_probabilities(const float *x, const uint8_t *labels, int ignored, const float *log_sums, float *out,
                            long rows, long columns);
// The element that would be at place k in rising order; puts x into another order.
float hb_order_statistic(float *x, long count, long k);

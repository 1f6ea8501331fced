#pragma once
#include <stdint.h>

// Focal loss of yes-or-no questions: x [rows, columns], one label per row: the column whose target is 1, -1 where all
// are 0, -2 for a row that counts for nothing. Adds the rows' losses up in *sum and, where dx is not NULL, writes the
// derivative of each; dx may be x itself. Without `balanced` alpha is left out.
void hb_sigmoid_focal(const float *x, const int32_t *labels, int balanced, float alpha, float gamma, float *dx,
                      double *sum, long rows, long columns);

#include "PixelAnswer.h"
#include "LogSumExp.h"

HB_KERNEL double hb_pixel_answers(const float *scores, long rows, long classes, const uint8_t *labels, uint8_t ignored,
                                  uint8_t *answers) {
    double sum = 0.0;
    for (long r = 0; r < rows; r++, scores += classes) {
        long best = 0;
        for (long c = 1; c < classes; c++)
            if (scores[c] > scores[best]) best = c;
        answers[r] = (uint8_t)best;
        if (!labels || labels[r] == ignored || labels[r] >= classes) continue;
        float largest = scores[best];
        sum += (double)(logf(row_exp_sum(scores, 1.0f, largest, classes)) - (scores[labels[r]] - largest));
    }
    return sum;
}

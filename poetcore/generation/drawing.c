/*
 * One token for each candidate: what may not stand there is forbidden, then the cumulative distribution is inverted.
 *
 * The same as `drawing.py` does in numpy, in one pass over logits that are still in the cache.
 */
#include <math.h>
#include <stdint.h>

#define LANES 16
/* Sums of blocks first: with them, a draw looks through two short lists in place of a long one. */
#define BLOCK 64

/* e to the x ≤ 0, 0 for what is forbidden; relative error below 2e-7 (Cephes). */
static inline float exponential(float x) {
    const float clipped = x < -87.0f ? -87.0f : x;
    const float n = nearbyintf(clipped * 1.44269504088896341f);
    const float r = clipped - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    union {
        int32_t integer;
        float number;
    } scale = {((int32_t)n + 127) << 23};
    return x < -87.0f ? 0.0f : p * scale.number;
}

static float largest_of(const float *logits, int64_t columns) {
    float largest[LANES];
    for (int lane = 0; lane < LANES; lane++) largest[lane] = -INFINITY;
    int64_t column = 0;
    for (; column + LANES <= columns; column += LANES)
        for (int lane = 0; lane < LANES; lane++)
            largest[lane] = logits[column + lane] > largest[lane] ? logits[column + lane] : largest[lane];
    for (; column < columns; column++) largest[0] = logits[column] > largest[0] ? logits[column] : largest[0];
    for (int lane = 1; lane < LANES; lane++) largest[0] = largest[lane] > largest[0] ? largest[lane] : largest[0];
    return largest[0];
}

/* Which of `count` weights holds the share `target` of their sum; what lies before it is taken off `target`. */
static int64_t found(const float *weights, int64_t count, double *target) {
    double before = 0;
    int64_t last = 0;
    for (int64_t place = 0; place < count; place++) {
        const double after = before + weights[place];
        if (after > *target) {
            *target -= before;
            return place;
        }
        if (weights[place] > 0) last = place;
        before = after;
    }
    return last;
}

static int64_t sampled(const float *logits, int64_t columns, float largest, float temperature, double uniform,
                       float *weights, double *chance) {
    const int64_t blocks = (columns + BLOCK - 1) / BLOCK;
    float *sums = weights + blocks * BLOCK;
    for (int64_t column = 0; column < columns; column++)
        weights[column] = exponential((logits[column] - largest) / temperature);
    for (int64_t column = columns; column < blocks * BLOCK; column++) weights[column] = 0;
    double total = 0;
    for (int64_t block = 0; block < blocks; block++) {
        float lanes[LANES] = {0};
        for (int64_t place = 0; place < BLOCK; place += LANES)
            for (int lane = 0; lane < LANES; lane++) lanes[lane] += weights[block * BLOCK + place + lane];
        sums[block] = 0;
        for (int lane = 0; lane < LANES; lane++) sums[block] += lanes[lane];
        total += sums[block];
    }
    double target = uniform * total;
    if (target >= total) target = nextafter(total, 0);
    const int64_t block = found(sums, blocks, &target);
    const int64_t column = block * BLOCK + found(weights + block * BLOCK, BLOCK, &target);
    *chance = weights[column] / total;
    return column;
}

/*
 * logits [rows, columns], a row `stride` apart from the next: what is forbidden becomes -INFINITY in them.
 * rhymes [columns]; wanted, shunned [rows]: bits of groups, see `drawing.py`. used [rows, used_count]: columns.
 * scratch: floats, two for each column and 128 more. drawn, chances [rows].
 */
void draw(int64_t rows, int64_t columns, int64_t stride, float *logits, const uint32_t *rhymes, const uint32_t *wanted,
          const uint32_t *shunned, const int64_t *used, int64_t used_count, float temperature, const double *uniform,
          float *scratch, int32_t *drawn, double *chances) {
    for (int64_t row = 0; row < rows; row++, logits += stride, used += used_count) {
        if (wanted[row] | shunned[row])
            for (int64_t column = 0; column < columns; column++) {
                const int misses = wanted[row] && !(rhymes[column] & wanted[row]);
                logits[column] = misses | !!(rhymes[column] & shunned[row]) ? -INFINITY : logits[column];
            }
        float kept[used_count + 1];
        for (int64_t place = 0; place < used_count; place++) {
            if (used[place] < 0 || used[place] >= columns) continue;
            kept[place] = logits[used[place]];
            logits[used[place]] = -INFINITY;
        }
        float largest = largest_of(logits, columns);
        /* In a vocabulary of a few characters there may be nothing left that is fresh. */
        if (largest == -INFINITY) {
            for (int64_t place = used_count - 1; place >= 0; place--)
                if (used[place] >= 0 && used[place] < columns) logits[used[place]] = kept[place];
            largest = largest_of(logits, columns);
        }
        if (largest == -INFINITY) {
            for (int64_t column = 0; column < columns; column++) logits[column] = 0;
            largest = 0;
        }
        drawn[row] = (int32_t)sampled(logits, columns, largest, temperature, uniform[row], scratch, chances + row);
    }
}

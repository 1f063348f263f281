/*
 * Decoding in C: products in eight-bit integers, a step of the LSTM, whole lines of all candidates of a poem.
 *
 * It does what `products.py`, `lstm.py`, `drawing.py` and `decoding.py` do in numpy: hidden states and logits to the
 * last bit (for that, compile with -ffp-contract=off), chances but for their last digits. A line is one call in place of
 * hundreds of numpy's: in a bot with other threads, each of these would wait for the interpreter anew.
 *
 * The structures are those of `native.py`, field by field.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- Products ----
 *
 * BLAS packs the whole weight anew in every call, which for sixteen rows costs as much as the product itself. Here the
 * weight lies packed once and for all, OUTPUTS outputs side by side, GROUP inputs of each together, as the processor's
 * multiply-and-add instruction wants them; a byte a weight, so that it is read as one short stream. Integers add up to
 * the same sum in any order: a row's result depends neither on its company nor on the machine.
 */
#if defined(__AVX512VNNI__) && defined(__AVX512F__)
#include <immintrin.h>

#define GROUP 4
#define OUTPUTS 16
/* The instruction multiplies unsigned bytes with signed ones: inputs are moved up by this, sums down again. */
#define SHIFT 128
typedef uint8_t input;
typedef __m512i sums;

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    int32_t group;
    memcpy(&group, row, sizeof group);
    return _mm512_dpbusd_epi32(so_far, _mm512_set1_epi32(group), _mm512_loadu_si512(weight));
}

#elif defined(__AVX2__)
#include <immintrin.h>

#define GROUP 2
#define OUTPUTS 8
#define SHIFT 0
typedef int16_t input;
typedef __m256i sums;

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    int32_t group;
    memcpy(&group, row, sizeof group);
    const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)weight));
    return _mm256_add_epi32(so_far, _mm256_madd_epi16(wide, _mm256_set1_epi32(group)));
}

#else

#define GROUP 1
#define OUTPUTS 16
#define SHIFT 0
typedef int8_t input;
typedef int32_t sums __attribute__((vector_size(4 * OUTPUTS)));

static inline sums added(sums so_far, const int8_t *weight, const input *row) {
    for (int output = 0; output < OUTPUTS; output++) so_far[output] += (int32_t)weight[output] * *row;
    return so_far;
}

#endif

#define LARGEST 127
#define AHEAD 2048

/* How a weight has to be packed: [blocks][depth / GROUP][OUTPUTS][GROUP]; and what an input becomes. */
int group(void) { return GROUP; }
int outputs(void) { return OUTPUTS; }
int shift(void) { return SHIFT; }
int input_bytes(void) { return sizeof(input); }

/* ROWS rows of `quantised` through one block; `shifted`: what SHIFT adds to the sum of each output. */
#define TILE(ROWS)                                                                                                     \
    static void tile_##ROWS(int64_t depth, const int8_t *weight, const float *scale, const int32_t *shifted,           \
                            const input *quantised, float *out, int64_t width) {                                       \
        sums total[ROWS];                                                                                              \
        memset(total, 0, sizeof total);                                                                                \
        for (int64_t at = 0; at < depth; at += GROUP) {                                                                \
            __builtin_prefetch(weight + at * OUTPUTS + AHEAD);                                                         \
            _Pragma("GCC unroll 16") for (int row = 0; row < ROWS; row++)                                              \
                total[row] = added(total[row], weight + at * OUTPUTS, quantised + row * depth + at);                   \
        }                                                                                                              \
        for (int row = 0; row < ROWS; row++) {                                                                         \
            int32_t sum[OUTPUTS];                                                                                      \
            memcpy(sum, &total[row], sizeof sum);                                                                      \
            for (int output = 0; output < OUTPUTS; output++)                                                           \
                out[row * width + output] = (float)(sum[output] - shifted[output]) * scale[output];                    \
        }                                                                                                              \
    }

/* One for each number of rows: whatever their number, a weight is read once. */
#define EACH(DO)                                                                                                       \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) DO(16)
#define MOST_ROWS 16
EACH(TILE)

typedef void tile(int64_t, const int8_t *, const float *, const int32_t *, const input *, float *, int64_t);
#define NAME(ROWS) tile_##ROWS,
static tile *const tiles[] = {EACH(NAME)};

/* Inputs lie in [-1, 1] and are rounded to multiples of 1/127. */
static inline void quantise(const float *from, int64_t count, input *to) {
    for (int64_t at = 0; at < count; at++) to[at] = (input)(SHIFT + (int)nearbyintf(from[at] * LARGEST));
}

static void fill(input *to, int64_t count) {
    for (int64_t at = 0; at < count; at++) to[at] = SHIFT;
}

/* A weight of blocks * OUTPUTS outputs, packed. */
struct weight {
    int64_t blocks, depth;
    const int8_t *integers;
    const float *scale;
    const int32_t *shifted;
};

/* Where a call may write in between: one for each thread. */
struct room {
    input *quantised; /* [rows, depth] of the deepest weight */
    float *products;  /* [rows, width] of the widest weight */
    float *weights;   /* of one draw: two for each column, and 128 more */
};

/* out [count, blocks * OUTPUTS] = quantised [count, depth] through the weight. */
static void multiply(const struct weight *weight, int64_t count, const input *quantised, float *out) {
    const int64_t depth = weight->depth, width = weight->blocks * OUTPUTS;
    const int8_t *integers = weight->integers;
    const float *scale = weight->scale;
    const int32_t *shifted = weight->shifted;
    for (int64_t block = 0; block < weight->blocks; block++) {
        for (int64_t row = 0; row < count; row += MOST_ROWS) {
            const int64_t rows = count - row < MOST_ROWS ? count - row : MOST_ROWS;
            tiles[rows - 1](depth, integers, scale, shifted, quantised + row * depth, out + row * width, width);
        }
        integers += depth * OUTPUTS, scale += OUTPUTS, shifted += OUTPUTS, out += OUTPUTS;
    }
}

/* rows [count, given] through the weight; what is missing to its depth is filled up. */
void product(const struct weight *weight, int64_t count, int64_t given, const float *rows, input *quantised,
             float *out) {
    for (int64_t row = 0; row < count; row++) {
        quantise(rows + row * given, given, quantised + row * weight->depth);
        fill(quantised + row * weight->depth + given, weight->depth - given);
    }
    multiply(weight, count, quantised, out);
}

/* ---- The LSTM ---- */

/* e to the x <= 0, 0 for what is forbidden; relative error below 2e-7 (Cephes). */
static inline float exponential(float x) {
    const float clipped = x < -87.0f ? -87.0f : x;
    const float n = nearbyintf(clipped * 1.44269504088896341f);
    const float r = (clipped - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = ((p * r) * r + r) + 1.0f;
    union {
        int32_t integer;
        float number;
    } scale = {((int32_t)n + 127) << 23};
    return x < -87.0f ? 0.0f : p * scale.number;
}

static inline float tangent(float x) {
    const float e = exponential(-2.0f * fabsf(x));
    return copysignf((1.0f - e) / (1.0f + e), x);
}

static inline float sigmoid(float half) { return tangent(half) * 0.5f + 0.5f; }

/* What `poetcore.corpus.vocabulary` and `poetcore.nn.context` say. */
#define START 0
#define WIDTH 16
#define LINES 8
#define POSITIONS 9

struct lstm {
    int64_t size, layers;         /* units of a layer */
    const struct weight *weights; /* [layers]: what a layer reads and what it remembers, side by side */
    const float *biases;          /* [layers - 1, 4 size]: of those above the first */
    const float *table;           /* [V, 4 size]: a token's share of the first layer's gates */
    int64_t above_size;           /* 0: it is not told of lines */
    const float *above;           /* [V, above_size]: a character of a line above as the first layer reads it */
    const float *place;           /* [places, 4 size]: a place's share of the first layer's gates */
    int64_t marks_count;
    const int32_t *marks; /* which end lines */
};

struct state {
    int64_t rows;
    float *hidden, *cell;    /* [layers, rows, size] */
    int32_t *lines;          /* [rows, 3, WIDTH]: the line under way, the one above, the one two above */
    int64_t *position, *line; /* [rows]: of the token to come */
    const float *told;       /* [rows, 4 size]: what conditions add to the first layer's gates; NULL: nothing */
};

/* A row's last lines after `token`. */
static void read_line(const struct lstm *lstm, const struct state *state, int64_t row, int32_t token) {
    int32_t *lines = state->lines + row * 3 * WIDTH;
    int64_t *position = state->position + row;
    if (*position < WIDTH) lines[*position] = token;
    int ends = 0;
    for (int64_t mark = 0; mark < lstm->marks_count; mark++) ends |= token == lstm->marks[mark];
    *position += token != START;
    if (!ends) return;
    memmove(lines + WIDTH, lines, 2 * WIDTH * sizeof *lines);
    for (int64_t at = 0; at < WIDTH; at++) lines[at] = START;
    *position = 0;
    state->line[row]++;
}

static int64_t place_of(const struct state *state, int64_t row) {
    const int64_t line = state->line[row], position = state->position[row];
    const int64_t counted = line < LINES ? line : LINES - 2 + line % 2;
    return counted * POSITIONS + (position < POSITIONS ? position : POSITIONS - 1);
}

/* The character at the place of the token to come, `up` lines above. */
static int32_t above(const struct state *state, int64_t row, int64_t up) {
    const int64_t position = state->position[row];
    return position < WIDTH ? state->lines[(row * 3 + up) * WIDTH + position] : START;
}

static void add(float *to, const float *from, int64_t count) {
    for (int64_t at = 0; at < count; at++) to[at] += from[at];
}

/* One row's new cell and hidden from its gates in the order i, f, g, o, those of sigmoids halved. */
static void remember(int64_t size, const float *restrict gates, float *restrict hidden, float *restrict cell) {
    for (int64_t at = 0; at < size; at++) {
        const float i = sigmoid(gates[at]), f = sigmoid(gates[size + at]);
        const float g = tangent(gates[2 * size + at]), o = sigmoid(gates[3 * size + at]);
        cell[at] = f * cell[at] + i * g;
        hidden[at] = o * tangent(cell[at]);
    }
}

/* Each row of `state` reads one token; token `row * stride` of `tokens` is that of a row. */
static void step_by(const struct lstm *lstm, struct state *state, const int32_t *tokens, int64_t stride,
                    struct room *room) {
    const int64_t size = lstm->size, rows = state->rows;
    for (int64_t layer = 0; layer < lstm->layers; layer++) {
        const struct weight *weight = lstm->weights + layer;
        float *hidden = state->hidden + layer * rows * size, *cell = state->cell + layer * rows * size;
        for (int64_t row = 0; row < rows; row++) {
            input *to = room->quantised + row * weight->depth, *end = to + weight->depth;
            if (layer) {
                quantise(hidden + (row - rows) * size, size, to);
                to += size;
            } else if (lstm->above_size) {
                read_line(lstm, state, row, tokens[row * stride]);
                for (int64_t up = 1; up <= 2; up++) {
                    quantise(lstm->above + above(state, row, up) * lstm->above_size, lstm->above_size, to);
                    to += lstm->above_size;
                }
            }
            quantise(hidden + row * size, size, to);
            fill(to + size, end - to - size);
        }
        multiply(weight, rows, room->quantised, room->products);
        for (int64_t row = 0; row < rows; row++) {
            float *gates = room->products + row * weight->blocks * OUTPUTS;
            if (layer) {
                add(gates, lstm->biases + (layer - 1) * 4 * size, 4 * size);
            } else {
                add(gates, lstm->table + tokens[row * stride] * 4 * size, 4 * size);
                if (lstm->above_size) add(gates, lstm->place + place_of(state, row) * 4 * size, 4 * size);
                if (state->told) add(gates, state->told + row * 4 * size, 4 * size);
            }
            remember(size, gates, hidden + row * size, cell + row * size);
        }
    }
}

void step(const struct lstm *lstm, struct state *state, const int32_t *tokens, struct room *room) {
    step_by(lstm, state, tokens, 1, room);
}

/* ---- The draw ----
 *
 * What may not stand there is forbidden, then the cumulative distribution is inverted, in one pass over logits that are
 * still in the cache.
 */

#define LANES 16
/* Sums of blocks first: with them, a draw looks through two short lists in place of a long one. */
#define BLOCK 64

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

static double added_up(const float *lanes) {
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
    return sum;
}

/* ln of the sum of e to the logits / temperature. */
static double log_sum(const float *logits, int64_t columns, float temperature) {
    const float largest = largest_of(logits, columns);
    float lanes[LANES] = {0};
    int64_t column = 0;
    for (; column + LANES <= columns; column += LANES)
        for (int lane = 0; lane < LANES; lane++)
            lanes[lane] += exponential((logits[column + lane] - largest) / temperature);
    for (; column < columns; column++) lanes[0] += exponential((logits[column] - largest) / temperature);
    return log(added_up(lanes)) + largest / temperature;
}

/* One of the columns; in `*chance` its share of all, in `*log_total` ln of the sum of e to the logits / temperature. */
static int64_t sampled(const float *logits, int64_t columns, float largest, float temperature, double uniform,
                       float *weights, double *chance, double *log_total) {
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
        sums[block] = added_up(lanes);
        total += sums[block];
    }
    double target = uniform * total;
    if (target >= total) target = nextafter(total, 0);
    const int64_t block = found(sums, blocks, &target);
    const int64_t column = block * BLOCK + found(weights + block * BLOCK, BLOCK, &target);
    *chance = weights[column] / total;
    *log_total = log(total) + largest / temperature;
    return column;
}

/* Which characters there are for each of the tones, and what they rhyme with. */
struct lexicon {
    const int32_t *columns;   /* [C]: the token of each column */
    const int32_t *column_of; /* [V] */
    const uint32_t *rhymes;   /* [C]: bits of groups */
    const int64_t *begin, *end; /* [4]: the columns of each set of tones */
    int64_t all;                /* V: the outputs, of which the first C are the columns */
    const int32_t *place_of;    /* [V]: the output of each token */
    const struct weight *output;
    const float *bias; /* [V] */
};

#define FREE -1

/* The candidates as they grow, see `candidates.py`. */
struct growing {
    int64_t rows, length;
    const int32_t *forced;   /* [length] */
    const uint8_t *tones;    /* [length] */
    const uint8_t *rhyming;  /* [length] */
    const float *repetition; /* [length, length] */
    uint32_t group, scarce;
    float temperature;
    int32_t *tokens; /* [rows, length] */
    float *tops;     /* [length + 1, rows, size] */
    double *chances, *log_shares; /* [rows, length] */
};

/* The columns of what stands in the poem or is bound to come, and what is added to their logits; how many. */
static int64_t used_columns(const struct lexicon *lexicon, const struct growing *growing, int64_t row,
                            int64_t position, int64_t *used, float *reluctance) {
    const int32_t *tokens = growing->tokens + row * growing->length;
    const int rhyming = growing->rhyming[position];
    int64_t count = 0;
    for (int64_t at = 0; at < position; at++) {
        const int follows = at == position - 1;
        const int never = follows ? at > 0 && tokens[at] == tokens[at - 1] : rhyming;
        reluctance[count] = never ? -INFINITY : growing->repetition[position * growing->length + at];
        used[count++] = lexicon->column_of[tokens[at]];
    }
    for (int64_t at = position; at < growing->length; at++) {
        if (growing->forced[at] == FREE) continue;
        reluctance[count] = -INFINITY;
        used[count++] = lexicon->column_of[growing->forced[at]];
    }
    return count;
}

/* Draw the token of one row; logits [columns of its tones]. */
static void choose(const struct lexicon *lexicon, const struct growing *growing, int64_t row, int64_t position,
                   float *logits, double uniform, float *weights) {
    const int64_t place = row * growing->length + position, tones = growing->tones[position];
    const int64_t begin = lexicon->begin[tones], columns = lexicon->end[tones] - begin;
    const uint32_t *rhymes = lexicon->rhymes + begin;
    const uint32_t wanted = growing->rhyming[position] ? growing->group : 0;
    const uint32_t shunned = growing->rhyming[position] ? 0 : growing->scarce;
    if (wanted | shunned)
        for (int64_t column = 0; column < columns; column++) {
            const int misses = wanted && !(rhymes[column] & wanted);
            logits[column] = misses | !!(rhymes[column] & shunned) ? -INFINITY : logits[column];
        }
    int64_t used[growing->length + 1];
    float kept[growing->length + 1], reluctance[growing->length + 1];
    const int64_t count = used_columns(lexicon, growing, row, position, used, reluctance);
    for (int64_t at = 0; at < count; at++) {
        used[at] -= begin;
        if (used[at] < 0 || used[at] >= columns) continue;
        kept[at] = logits[used[at]];
        logits[used[at]] += reluctance[at];
    }
    float largest = largest_of(logits, columns);
    /* In a vocabulary of a few characters there may be nothing left. */
    if (largest == -INFINITY) {
        for (int64_t at = count - 1; at >= 0; at--)
            if (used[at] >= 0 && used[at] < columns) logits[used[at]] = kept[at];
        largest = largest_of(logits, columns);
    }
    if (largest == -INFINITY) {
        for (int64_t column = 0; column < columns; column++) logits[column] = 0;
        largest = 0;
    }
    double log_total;
    const int64_t drawn =
        sampled(logits, columns, largest, growing->temperature, uniform, weights, growing->chances + place, &log_total);
    growing->tokens[place] = lexicon->columns[begin + drawn];
    growing->log_shares[place] += log_total;
}

/* The token of each row at `position`, drawn or forced; uniform [rows], NULL where it is forced. */
static void write_token(const struct lstm *lstm, const struct lexicon *lexicon, const struct growing *growing,
                        int64_t position, const double *uniform, struct room *room) {
    const struct weight *output = lexicon->output;
    const int64_t rows = growing->rows, width = output->blocks * OUTPUTS;
    product(output, rows, lstm->size, growing->tops + position * rows * lstm->size, room->quantised, room->products);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t place = row * growing->length + position;
        float *logits = room->products + row * width;
        add(logits, lexicon->bias, lexicon->all);
        growing->log_shares[place] = -log_sum(logits, lexicon->all, growing->temperature);
        if (uniform) {
            logits += lexicon->begin[growing->tones[position]];
            choose(lexicon, growing, row, position, logits, uniform[row], room->weights);
        } else {
            growing->tokens[place] = growing->forced[position];
            growing->log_shares[place] += logits[lexicon->place_of[growing->forced[position]]] / growing->temperature;
        }
    }
}

/*
 * Write the tokens from position `begin` to before `end`; `state` has read those before `begin` and in the end all but
 * the last. uniform [positions with a choice, rows].
 */
void write_tokens(const struct lstm *lstm, const struct lexicon *lexicon, const struct growing *growing, int64_t begin,
                  int64_t end, struct state *state, const double *uniform, struct room *room) {
    const int64_t values = growing->rows * lstm->size;
    for (int64_t position = begin; position < end; position++) {
        if (position > begin) step_by(lstm, state, growing->tokens + position - 1, growing->length, room);
        memcpy(growing->tops + position * values, state->hidden + (lstm->layers - 1) * values, values * sizeof(float));
        const int open = growing->forced[position] == FREE;
        write_token(lstm, lexicon, growing, position, open ? uniform : NULL, room);
        uniform += open ? growing->rows : 0;
    }
}

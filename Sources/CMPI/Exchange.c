#include "Library.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

// Exchanges and notes do not meet: each has a tag of its own.
enum { EXCHANGE_TAG = 1, NOTE_TAG = 2 };

static const long piece_size = 1L << 30;

/// Starts the next piece of a side, if there is one.
static int start_piece(struct hb_mpi *mpi, struct hb_side *side, int is_sent) {
    side->is_under_way = 0;
    if (side->left <= 0) return 0;
    int count = (int)(side->left < piece_size ? side->left : piece_size);
    int code = is_sent
        ? mpi->calls->send(mpi, side->bytes, count, side->peer, EXCHANGE_TAG, &side->request)
        : mpi->calls->receive(mpi, side->bytes, count, side->peer, EXCHANGE_TAG, &side->request);
    if (code != 0) return code;
    side->bytes += count;
    side->left -= count;
    side->is_under_way = 1;
    return 0;
}

static int poll_side(struct hb_mpi *mpi, struct hb_side *side, int is_sent) {
    if (!side->is_under_way) return 0;
    int is_done = 0;
    int code = mpi->calls->test(mpi, &side->request, &is_done);
    if (code != 0 || !is_done) return code;
    return start_piece(mpi, side, is_sent);
}

int hb_mpi_begin(
    struct hb_mpi *mpi, const void *sent, long sent_count, int destination, void *received, long received_count,
    int source) {
    mpi->received = (struct hb_side){.bytes = received, .left = source < 0 ? 0 : received_count, .peer = source};
    mpi->sent = (struct hb_side){.bytes = (char *)sent, .left = destination < 0 ? 0 : sent_count, .peer = destination};
    // Where to put the bytes is said before others send them, so that they need no copy.
    int code = start_piece(mpi, &mpi->received, 0);
    return code != 0 ? code : start_piece(mpi, &mpi->sent, 1);
}

int hb_mpi_poll(struct hb_mpi *mpi, int *is_done) {
    int code = poll_side(mpi, &mpi->received, 0);
    if (code == 0) code = poll_side(mpi, &mpi->sent, 1);
    *is_done = !mpi->received.is_under_way && !mpi->sent.is_under_way;
    return code;
}

int hb_mpi_send_note(struct hb_mpi *mpi, const void *note, int destination) {
    for (int i = 0; i < HB_NOTES; i++) {
        struct hb_note *slot = &mpi->notes[i];
        if (slot->is_under_way) {
            int is_done = 0;
            int code = mpi->calls->test(mpi, &slot->request, &is_done);
            if (code != 0) return code;
            if (!is_done) continue;
            slot->is_under_way = 0;
        }
        memcpy(slot->bytes, note, HB_MPI_NOTE_SIZE);
        int code = mpi->calls->send(mpi, slot->bytes, HB_MPI_NOTE_SIZE, destination, NOTE_TAG, &slot->request);
        slot->is_under_way = code == 0;
        return code;
    }
    return 0;
}

int hb_mpi_receive_note(struct hb_mpi *mpi, void *note, int *has_come) {
    int code = mpi->calls->has_come(mpi, NOTE_TAG, has_come);
    if (code != 0 || !*has_come) return code;
    return mpi->calls->take(mpi, note, HB_MPI_NOTE_SIZE, NOTE_TAG);
}

void hb_mpi_abort(struct hb_mpi *mpi, int code) {
    // Where the launcher cannot be reached any more, the library may wait for ever.
    signal(SIGALRM, SIG_DFL);
    alarm(10);
    mpi->calls->abort(mpi, code);
    _exit(code);
}

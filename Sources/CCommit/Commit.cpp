// The commit comes from HORNBEAM_COMMIT where the environment of the build holds it, and else from the last line of git's
// log of the checkout. Embedding that file makes it a dependency of this one: a new commit compiles it again, and nothing
// else. The manifest's own knowledge of git would not do, since SwiftPM keeps a manifest until its text changes.
//
// The line is found when this is compiled, so nothing else of the log gets into the program.

namespace {

#if defined(HB_COMMIT)
#define HB_HAS_COMMIT 1
constexpr unsigned char text[] = HB_COMMIT;
#elif defined(__has_embed)
#if __has_embed("../../.git/logs/HEAD") == 1
#define HB_HAS_COMMIT 1
constexpr unsigned char text[] = {
#pragma clang diagnostic ignored "-Wc23-extensions"
#embed "../../.git/logs/HEAD"
};
#endif
#endif

struct Commit {
    char digits[9];
};

#if defined(HB_HAS_COMMIT)
constexpr bool isDigit(unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// How many digits follow each other from a place on.
constexpr long digits(const unsigned char *from, const unsigned char *end) {
    long count = 0;
    while (from + count < end && isDigit(from[count])) ++count;
    return count;
}

/// A line is "OLD NEW NAME <MAIL> SECONDS ZONE\tWHAT"; what the environment gives is a commit alone.
constexpr Commit find() {
    const unsigned char *end = text + sizeof text;
    while (end > text && (end[-1] == '\n' || end[-1] == 0)) --end;
    const unsigned char *line = end;
    while (line > text && line[-1] != '\n') --line;
    long count = digits(line, end);
    if (line + count < end && line[count] == ' ' && count >= 40) {
        line += count + 1;
        count = digits(line, end);
    }
    Commit commit = {};
    if (count >= 7) {
        for (long i = 0; i < count && i < 8; ++i) commit.digits[i] = static_cast<char>(line[i]);
    }
    return commit;
}

constexpr Commit commit = find();
#else
constexpr Commit commit = {};
#endif

}  // namespace

extern "C" {

const char *hb_commit(void) { return commit.digits; }

// The compiler takes the day from SOURCE_DATE_EPOCH where the environment holds it.
const char *hb_build_date(void) { return __DATE__; }

}

#pragma once

/// The version of the sources, such as "0.9.0".
const char *hb_version(void);

/// The first eight digits of the commit that the program was built from; empty where it is not known.
const char *hb_commit(void);

/// The day of the build as the compiler writes it, "Nov  6 2026"; empty where it is not known.
const char *hb_build_date(void);

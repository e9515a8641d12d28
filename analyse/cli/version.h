/* version.h: which pmtrace this is; the Makefile's VERSION says it. */
#ifndef PMT_CLI_VERSION_H
#define PMT_CLI_VERSION_H

#define PMT_VERSION PMT_BUILD_VERSION

#endif

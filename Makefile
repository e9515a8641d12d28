# The one build of pmtrace.  `make help` lists the targets; these are set on
# the command line:
#
#   B=DIR                  build folder (build); nothing is written elsewhere
#   PYTHON=python3.13      interpreter the recorder is built for (python3)
#   CC= CXX= CFLAGS= CPPFLAGS= LDFLAGS=   as usual; CFLAGS is -O2 -g
#   SAN=address,undefined  build with these sanitizers; use with another B
#   WERROR=                warnings do not stop the build
#   V=1                    show the commands
#   JOBS=N                 jobs at a time in `make check` (all processors)
#   T=WORD                 `make check` runs only tests whose name has WORD
#   PREFIX=DIR DESTDIR=DIR where `make install` puts things (/usr/local)
#
# Sources are found by name, so a new file needs no change here:
#   format/*.c                           libpmt.a; public headers format/pmt/
#   analyse/ analyse/cli/ plot/ dtrace/  the program pmt
#   recorder/*.c                         the extension module, per interpreter;
#     cmd-*, sampler*, proc-*            the program pmt, or both
#   tests/unit/test-*.c                  one executable each

VERSION   := 0.1.0
B         ?= build
PYTHON    ?= python3
PREFIX    ?= /usr/local
prefix    ?= $(PREFIX)
CFLAGS    ?= -O2 -g
WERROR    ?= 1
JOBS      ?= $(shell nproc 2>/dev/null || echo 2)
PKG_CONFIG ?= pkg-config
Q         := $(if $(V),,@)

bindir     = $(prefix)/bin
libdir     = $(prefix)/lib
includedir = $(prefix)/include
mandir     = $(prefix)/share/man
docdir     = $(prefix)/share/doc/pmtrace
pydir      = $(libdir)/pmtrace/python

# Names of the commands; a link is made for each whose cmd-NAME.c exists.
COMMANDS := record attach detach sample info dump check recover merge archive filter \
            diff live top plot dtrace import export

# Debian packages that building and testing need.
PACKAGES := gcc g++ libc6-dev make pkg-config libzstd-dev libcbor-dev \
            libcmocka-dev gnuplot-nox python3 python3-dev python3-cbor2 \
            python3-zstandard zstd valgrind clang libclang-rt-dev procps

.DEFAULT_GOAL := all
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: FORCE all lib commands python pythons pythons-sid unit unit-threads \
        replay fuzzers benches check check-now check-headers check-layers \
        check-versions check-cpython valgrind-check demo bench bench-recorder bench-analyse \
        bench-peers bench-plot bench-dtrace lookers check-kills check-sample-tree check-sampling check-dtrace check-dtrace-cuts check-flight soak service-test \
        service-bench fuzz sanitize deps install uninstall install-pth uninstall-pth \
        clean help

# ---- flags --------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wswitch-enum -Wvla -Wwrite-strings $(if $(WERROR),-Werror)
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
            -fno-omit-frame-pointer)
DEFS := -D_GNU_SOURCE -DPMT_BUILD_VERSION=\"$(VERSION)\"
COMPILE = $(CC) -std=c11 $(WARN) $(DEFS) $(CPPFLAGS) $(CFLAGS) $(SANFLAGS)
LINK = $(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS)

LIBS  = $(shell $(PKG_CONFIG) --libs libzstd libcbor) -lpthread -lm
CMOCKA = $(shell $(PKG_CONFIG) --libs cmocka)
LIBDIRS = $(patsubst -I%,-isystem %,\
          $(shell $(PKG_CONFIG) --cflags-only-I libzstd libcbor cmocka \
          2>/dev/null))

# Who sees which folder; tests/check-layers.sh checks what they make of it.
INC_format   := -Iformat
INC_recorder := -Iformat -Ianalyse -Ianalyse/cli
INC_analyse  := -Iformat -Ianalyse -Ianalyse/cli
INC_plot     := $(INC_analyse)
INC_dtrace   := $(INC_analyse)
INC_tests    := $(INC_analyse) -Irecorder -I.
includes = $(INC_$(firstword $(subst /, ,$(1)))) $(LIBDIRS)

# ---- sources ------------------------------------------------------------

objects = $(patsubst %.c,$(B)/obj/%.o,$(1))

LIB_SRC  := $(wildcard format/*.c)
CMD_SRC  := $(wildcard analyse/*.c analyse/cli/*.c plot/*.c dtrace/*.c \
            recorder/cmd-*.c recorder/sampler*.c recorder/proc-*.c \
            recorder/prompt.c)
CMD_MAIN := $(if $(CMD_SRC),$(shell grep -l '^int main\>' $(CMD_SRC)))
EXT_SRC  := $(filter-out recorder/cmd-%.c recorder/sampler%.c,\
            $(wildcard recorder/*.c))
PY_SRC   := $(if $(wildcard recorder/pmtrace),$(shell find recorder/pmtrace \
            -type f ! -name '*.pyc' ! -name '*~'))
UNIT_SRC := $(wildcard tests/unit/test-*.c)
UNIT_AUX := $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz-*.c)
FUZZ_AUX := $(filter-out $(FUZZ_SRC) tests/fuzz/replay.c,\
            $(wildcard tests/fuzz/*.c))

LIB_OBJ  := $(call objects,$(LIB_SRC))
CMD_OBJ  := $(call objects,$(CMD_SRC))
AUX_OBJ  := $(call objects,$(UNIT_AUX))

# A test that needs objects outside libpmt and pmt names their sources after
# "LINK:" in a comment.  The recorder's parts that do not need Python are
# tested so.
linked = $(shell sed -n 's/.*LINK: *\([^*]*\).*/\1/p' $(1) 2>/dev/null)
LINKED_SRC := $(sort $(call linked,$(UNIT_SRC) $(FUZZ_SRC)))

HAVE_COMMANDS := $(if $(CMD_MAIN),$(foreach c,$(COMMANDS),\
    $(if $(wildcard analyse/cmd-$c.c plot/cmd-$c.c dtrace/cmd-$c.c \
    recorder/cmd-$c.c),$c)))

# Manual pages and completion come from the same tables as the options.
TEXTS := $(if $(CMD_MAIN),$(B)/man/pmt.1 $(HAVE_COMMANDS:%=$(B)/man/pmt-%.1) \
         $(B)/completion/pmt.bash $(B)/completion/pmt.zsh)

LIB   := $(if $(LIB_SRC),$(B)/libpmt.a)
CMDS  := $(if $(CMD_SRC),$(B)/libpmtcmd.a)
UNIT  := $(patsubst %.c,$(B)/%,$(UNIT_SRC))

# ---- build --------------------------------------------------------------

all: lib commands $(if $(SAN),,python) ## build the library, the commands and the recorder
	@:

lib: $(LIB) $(if $(LIB),$(B)/libpmt.pc) ## build libpmt.a
	@:

commands: $(CMD_OBJ) $(if $(CMD_MAIN),$(B)/bin/pmt) $(HAVE_COMMANDS:%=$(B)/bin/pmt-%) $(TEXTS) ## build pmt and its links
	@:

# $(call stamp,TEXT): the target is TEXT; it gets a new date only when TEXT
# is not what it held, so what depends on it is made again only then.
define stamp
@mkdir -p $(@D)
@printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' >$@
endef

$(B)/flags: FORCE
	@command -v $(PKG_CONFIG) >/dev/null && $(PKG_CONFIG) libzstd libcbor || \
	{ echo "pmtrace: libzstd-dev, libcbor-dev or pkg-config is missing:" \
	"run 'make deps' as root" >&2; exit 1; }
	$(call stamp,$(COMPILE) $(LIBDIRS) | $(LINK))

# A file that was removed or renamed also changes what is linked.
$(B)/sources: FORCE
	$(call stamp,$(LIB_SRC) | $(CMD_SRC) | $(UNIT_AUX))

# The program holds the scripts.
$(B)/obj/dtrace/scripts.o: $(wildcard dtrace/*.d dtrace/*.bt dtrace/*.inc)

# Position independent, since the extension holds the library too; hidden, so
# that two extensions with two versions of it can be in one process.
$(LIB_OBJ): OWN = -fPIC -fvisibility=hidden

# Columns are decoded in plain loops over arrays, which vectors make shorter.
$(B)/obj/format/chunk.o $(B)/obj/format/column.o: OWN += -O3

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC   $<')
	$(Q)$(COMPILE) $(call includes,$<) $(OWN) -MMD -MP -c -o $@ $<

define archive
$(if $(V),,@echo '  AR   $@')
$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)
endef

$(B)/libpmt.a: $(LIB_OBJ) $(B)/sources
	$(archive)

$(B)/libpmtcmd.a: $(CMD_OBJ) $(B)/sources
	$(archive)

$(B)/libpmt.pc: format/libpmt.pc.in Makefile
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(prefix)|' -e 's|@version@|$(VERSION)|' $< >$@

$(B)/bin/pmt: $(CMD_OBJ) $(LIB) $(B)/sources
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(LINK) -o $@ $(CMD_OBJ) $(LIB) $(LIBS)

$(B)/bin/pmt-%: $(B)/bin/pmt
	$(Q)ln -sf pmt $@

$(B)/man/%.1: $(B)/bin/pmt
	@mkdir -p $(@D)
	$(Q)$< --make-man $(patsubst pmt-%,%,$*) >$@

$(B)/completion/pmt.%: $(B)/bin/pmt
	@mkdir -p $(@D)
	$(Q)$< --make-completion $* >$@

# ---- the recorder, for one interpreter ----------------------------------

# Words: ABI name, suffix of an extension's file name, version, include paths.
PY_INFO := $(if $(EXT_SRC),$(shell $(PYTHON) -c 'import sys, sysconfig as s; \
    c = s.get_config_var; print(c("SOABI"), c("EXT_SUFFIX"), \
    "%d.%d" % sys.version_info[:2], s.get_path("include"), \
    s.get_path("platinclude"))' 2>/dev/null))
SOABI   := $(word 1,$(PY_INFO))
EXT_SUFFIX := $(word 2,$(PY_INFO))
PY_VERSION := $(word 3,$(PY_INFO))
PY_DIRS := $(sort $(wordlist 4,5,$(PY_INFO)))
EXT_DIR := $(B)/obj/ext-$(SOABI)
EXT_OBJ := $(patsubst %.c,$(EXT_DIR)/%.o,$(EXT_SRC))
EXT     := $(if $(EXT_SRC),$(B)/python/pmtrace/_recorder$(EXT_SUFFIX))
PY_COPY := $(patsubst recorder/%,$(B)/python/%,$(PY_SRC))
EXT_COMPILE = $(COMPILE) $(call includes,recorder/) $(PY_DIRS:%=-isystem %) \
              -fPIC -fvisibility=hidden

python: $(EXT) $(PY_COPY) ## build the recorder for PYTHON
	@:

$(EXT_DIR)/flags: FORCE
	@test -n '$(SOABI)' || \
	{ echo "pmtrace: cannot run PYTHON=$(PYTHON)" >&2; exit 1; }
	@test -n '$(wildcard $(PY_DIRS:%=%/Python.h))' || \
	{ echo "pmtrace: no Python.h for $(PYTHON) ($(firstword $(PY_DIRS)));" \
	"Debian has it in libpython$(PY_VERSION)-dev" >&2; exit 1; }
	$(call stamp,$(EXT_COMPILE) | $(LINK) | $(EXT_SRC))

$(EXT_DIR)/%.o: %.c $(EXT_DIR)/flags $(B)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC   $< ($(PY_VERSION))')
	$(Q)$(EXT_COMPILE) -MMD -MP -c -o $@ $<

$(EXT): $(EXT_OBJ) $(LIB) $(EXT_DIR)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(LINK) -shared -Wl,--exclude-libs,ALL -o $@ $(EXT_OBJ) $(LIB) $(LIBS)

$(B)/python/pmtrace/%: recorder/pmtrace/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

pythons: lib python ## build the recorder for every interpreter that is found
	@set -e; for python in $$(tests/interpreters/find --abi --but $(SOABI)); do \
	    $(MAKE) --no-print-directory PYTHON=$$python python; \
	done

pythons-sid: ## fetch CPython 3.13, 3.14 and 3.15 from Debian sid, for tests
	@tests/interpreters/get-debian-sid

# ---- tests --------------------------------------------------------------

unit: $(UNIT) ## build the unit tests
	@:

unit-threads: $(filter $(B)/tests/unit/test-thread%,$(UNIT))
	@:

$(B)/obj/tests/%.o: OWN = -Wno-missing-prototypes

.SECONDEXPANSION:
$(B)/tests/unit/test-%: $(B)/obj/tests/unit/test-%.o $(AUX_OBJ) $(CMDS) $(LIB) $$(call objects,$$(call linked,tests/unit/test-$$*.c))
	@mkdir -p $(@D)
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(CMDS) $(LIB) $(LIBS) $(CMOCKA)

# Fuzz targets: with libFuzzer (clang), or with a driver that replays files.
fuzzers: $(patsubst %.c,$(B)/%,$(FUZZ_SRC))
	@:

replay: $(patsubst tests/fuzz/fuzz-%.c,$(B)/tests/fuzz/replay-%,$(FUZZ_SRC))
	@:

FUZZ_PARTS = $(call objects,$(FUZZ_AUX)) $(CMDS) $(LIB)

$(B)/tests/fuzz/fuzz-%: $(B)/obj/tests/fuzz/fuzz-%.o $(FUZZ_PARTS) $$(call objects,$$(call linked,tests/fuzz/fuzz-$$*.c))
	@mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(CMDS) $(LIB) $(LIBS)

$(B)/tests/fuzz/replay-%: $(B)/obj/tests/fuzz/fuzz-%.o $(B)/obj/tests/fuzz/replay.o $(FUZZ_PARTS) $$(call objects,$$(call linked,tests/fuzz/fuzz-$$*.c))
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(CMDS) $(LIB) $(LIBS)

# Programs that measure, and those that look at traces in long tests.
BENCHES := $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
LOOKERS := $(patsubst %.c,$(B)/%,$(wildcard tests/long/*.c))

benches: $(BENCHES)
	@:

lookers: $(LOOKERS)
	@:

$(BENCHES) $(LOOKERS): $(B)/tests/%: $(B)/obj/tests/%.o $(CMDS) $(LIB)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(CMDS) $(LIB) $(LIBS)

SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

check: ## run every test; as root, install first what is missing
	@$(MAKE) --no-print-directory deps
	+@$(SUBMAKE) check-now

check-now: all unit ## run every test with what is installed
	+@$(SUBMAKE) pythons sanitize
	+@$(SUBMAKE) B=$(B)-clang CC=clang lib commands unit
	@tests/run --build $(B) --python $(PYTHON) $(T)

sanitize: ## build the unit tests and fuzz replays with sanitizers
	+@$(SUBMAKE) B=$(B)-asan SAN=address,undefined lib commands unit replay
	+@$(SUBMAKE) B=$(B)-tsan SAN=thread unit-threads

# Each header by itself; the public ones also as C++.
HEADERS := $(wildcard format/*.h format/pmt/*.h analyse/*.h analyse/cli/*.h \
           plot/*.h dtrace/*.h)

check-headers: $(HEADERS:%=$(B)/headers/%.ok) ## compile each header alone, the public ones also as C++
	@:

$(B)/headers/%.ok: % $(B)/flags
	@mkdir -p $(@D)
	$(Q)printf '#include "%s"\n' $< | \
	$(COMPILE) $(call includes,$<) -I. -fsyntax-only -xc -
	$(if $(filter format/pmt/%,$<),$(Q)printf '#include "%s"\n' $< | \
	$(CXX) -std=c++11 -Wall -Wextra -Werror $(CPPFLAGS) -Iformat -I. \
	-fsyntax-only -xc++ -)
	@touch $@

check-layers: ## check who includes whom, and what each layer may call
	@tests/check-layers.sh

check-versions: all ## run the tests of the recorder's modes under every interpreter; print versions by modes
	+@$(SUBMAKE) pythons
	@tests/run --versions --build $(B) --python $(PYTHON) $(T)

# MODES, TESTS (by commas) and ONLY (an interpreter) make it shorter.
check-cpython: all ## run CPython's own tests without and with the recorder, an hour
	@tests/interpreters/get-debian-sid --tests >/dev/null || test $$? = 77
	+@$(SUBMAKE) pythons
	@tests/cpython/run --build $(B) --python $(PYTHON) --keep $(B)/cpython \
	    $(MODES:%=--modes %) $(TESTS:%=--tests %) $(ONLY:%=--only %)

valgrind-check: all unit ## run unit tests and commands under valgrind
	@tests/run --valgrind --build $(B) --python $(PYTHON) $(T)

FUZZ_SECONDS ?= 60
FUZZ_RUNS ?= -1
fuzz: deps ## fuzz each target for FUZZ_SECONDS (60) or FUZZ_RUNS, with libFuzzer
	+@$(SUBMAKE) B=$(B)-fuzz CC=clang \
	    SAN=fuzzer-no-link,address,undefined fuzzers
	@set -e; for t in $(FUZZ_SRC:tests/fuzz/fuzz-%.c=%); do \
	    mkdir -p $(B)-fuzz/corpus/$$t; echo "fuzz-$$t"; \
	    dict=tests/fuzz/$$t.dict; [ -f $$dict ] || dict=; \
	    $(B)-fuzz/tests/fuzz/fuzz-$$t -max_total_time=$(FUZZ_SECONDS) \
	        -runs=$(FUZZ_RUNS) -rss_limit_mb=512 -print_final_stats=1 \
	        $${dict:+-dict=$$dict} \
	        -artifact_prefix=$(B)-fuzz/ $(B)-fuzz/corpus/$$t \
	        $(wildcard tests/fuzz/seeds spec/vectors/valid \
	        spec/vectors/invalid) 2>&1 | tail -n 12; \
	done

# Long tests, not part of check. KEEP=FOLDER keeps what they wrote; what they
# print is in $(B)/kills.log, soak/soak.log and service.log, too.
KILLS ?= 10000
CHILDREN ?= 10000
check-kills: all ## kill -9 KILLS (10000) recorded processes in all modes, an hour at most
	+@$(SUBMAKE) pythons lookers
	@tests/long/kills.py --build $(B) --kills $(KILLS) --progress \
	    --log $(B)/kills.log $(KEEP:%=--keep %)

check-flight: all ## the flight recorder at 100 random moments in each mode, ten minutes
	+@$(SUBMAKE) pythons
	@tests/long/flight $(B) $$(tests/interpreters/find --abi | tail -n 2)

soak: all ## record at full rate for MINUTES (60) with max_size
	+@$(SUBMAKE) pythons lookers
	@PMT_PYTHON=$(PYTHON) tests/long/soak.py --build $(B) \
	    --minutes $(or $(MINUTES),60) $(KEEP:%=--keep %)

check-children: all ## record a program with CHILDREN (10000) short-lived children
	@PMT_CHILDREN=$(CHILDREN) tests/run --build $(B) --python $(PYTHON) children_many

check-sample-tree: all ## pmt sample of 200 processes with 50 starts a second, both ways, two minutes
	$(Q)tests/long/sample-tree.py --pmt $(B)/bin/pmt
	$(Q)tests/long/sample-tree.py --pmt $(B)/bin/pmt --no-events

check-diff-noise: all ## record RUNS (60) runs of one program: does diff --fail-over tell noise from growth?
	@PATH=$(abspath $(B))/bin:$$PATH $(PYTHON) tests/long/diff_noise.py \
	    --runs $(or $(RUNS),60)

check-leaks: all ## the programs with and without a leak, under LEAKS_PYTHONS: what pmt live --growth and pmt diff find
	+@$(SUBMAKE) pythons
	@tests/long/leaks.py --build $(B) \
	    $(or $(LEAKS_PYTHONS),$(shell tests/interpreters/find --abi))

check-dtrace: all ## run the D and bpftrace scripts for real, as root
	@tests/dtrace/run $(abspath $(B)) $(PROBED)

check-dtrace-cuts: lookers ## kept logs of the scripts cut at every byte and changed
	@tests/dtrace/cuts.py $(B)/tests/long/dtrace-counts

check-sampling: all ## sample one program RUNS (100) times at each of three rates
	@PATH=$(abspath $(B))/bin:$$PATH PYTHONPATH=$(abspath $(B))/python \
	    PMT_SAMPLING_RUNS=$(or $(RUNS),100) \
	    $(PYTHON) tests/python/test_sampling_sites.py

service-test: all ## record web services under load for MINUTES (10), kill workers
	@PMT_BUILD_DIR=$(abspath $(B)) tests/service/run --python $(PYTHON) \
	    --minutes $(or $(MINUTES),10) --log $(B)/service.log \
	    $(KEEP:%=--keep %)

service-bench: all ## measure what recording costs a web service, about 10 minutes
	@PMT_BUILD_DIR=$(abspath $(B)) tests/service/bench \
	    --python $(PYTHON) $(OPTIONS)

bench: ## measure the recorder, the format and the analyses
	+@$(SUBMAKE) all benches
	@PMT_BUILD=$(abspath $(B)) PMT_PYTHON=$(PYTHON) tests/bench/run

# ROUNDS, SCALE and OPTIONS (tests/bench/recorder.py -h) change it. Without
# `make bench-peers` before, the peers are left out.
PEERS = $(wildcard $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pmtrace/peers-$(SOABI))
bench-recorder: all ## measure what recording costs, by mode and program
	@PMT_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/recorder.py --summary \
	    $(ROUNDS:%=--rounds %) $(SCALE:%=--scale %) $(PEERS:%=--peers %) \
	    $(OPTIONS)

# SIZES (1000000,10000000), ROUNDS (3) and OPTIONS (tests/bench/analyse.py -h);
# with `make bench-peers` before, the peers' analysers too.
bench-analyse: all ## measure the commands on big traces, about five minutes
	+@$(SUBMAKE) benches
	@PMT_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/analyse.py \
	    $(SIZES:%=--sizes %) $(ROUNDS:%=--rounds %) $(OPTIONS)
	$(if $(PEERS),@PMT_BUILD=$(abspath $(B)) $(PYTHON) \
	    tests/bench/analyse_peers.py --peers $(PEERS) $(ROUNDS:%=--rounds %))

# ROUNDS, SAMPLES; without get-plot-peers and bench-peers peers are left out.
PLOT_PEERS = $(wildcard $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pmtrace/plot-peers/bin/python3)
PYMEMTRACE = $(firstword $(PEERS) $(wildcard $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pmtrace/peers-*))
bench-plot: all ## measure the time to a chart, against mprof, psrecord, pymemtrace
	@PMT_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/plot.py \
	    $(ROUNDS:%=--rounds %) $(SAMPLES:%=--samples %) \
	    $(PLOT_PEERS:%=--peers %) $(PYMEMTRACE:%=--pymemtrace %)

bench-dtrace: all ## measure pmt dtrace convert; PEER='PYTHON FOLDER' has pymemtrace
	@PMT_BUILD=$(abspath $(B)) $(PYTHON) tests/bench/dtrace.py \
	    $(if $(PEER),--peer '$(PEER)') $(OPTIONS)

bench-peers: ## install memray and pymemtrace for PYTHON, to be measured too
	@tests/bench/get-peers $(PYTHON)

demo: ## record the example program, count its live objects, draw them
	@$(MAKE) --no-print-directory deps
	+@$(SUBMAKE) all
	@PMT_BUILD=$(abspath $(B)) PMT_PYTHON=$(PYTHON) docs/examples/demo

# KEEP=1 draws the traces of the last time again.
.PHONY: gallery
gallery: all ## record programs, draw every kind of chart for docs/gallery.md
	@PMT_BUILD=$(abspath $(B)) PMT_PYTHON=$(PYTHON) docs/gallery/make

# What is missing is installed as root, named otherwise; a system without
# dpkg is left alone.
deps: ## install the Debian packages that are missing (as root)
	@command -v dpkg-query >/dev/null || exit 0; \
	missing=; for p in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}\n' $$p 2>/dev/null | \
	        grep -q '^install ok installed' || missing="$$missing $$p"; \
	done; \
	test -n "$$missing" || exit 0; \
	if [ "$$(id -u)" != 0 ]; then \
	    echo "pmtrace: missing packages; as root: apt-get install$$missing" >&2; \
	    exit 1; \
	fi; \
	echo "installing$$missing"; \
	log=$$(mktemp); export DEBIAN_FRONTEND=noninteractive; \
	if apt-get update >$$log 2>&1 && apt-get install -y \
	    --no-install-recommends $$missing >>$$log 2>&1; \
	then rm -f $$log; else tail -n 20 $$log >&2; rm -f $$log; exit 1; fi

# ---- install ------------------------------------------------------------

MAN := $(filter %.1,$(TEXTS)) $(wildcard docs/man/*.[15])
bashdir = $(prefix)/share/bash-completion/completions
zshdir = $(prefix)/share/zsh/site-functions
man_place = $(DESTDIR)$(mandir)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))
PUT = install -D -m 644
# With their folders, so that the links between them lead somewhere.
DOCS = $(sort $(wildcard README.md LICENSE CHANGELOG.md spec/trace-format.md \
    spec/trace.cddl docs/*.md docs/decisions/*.md docs/gallery/*.* \
    docs/examples/*/*.*))

install: all ## install below DESTDIR and PREFIX
	install -D $(B)/bin/pmt $(DESTDIR)$(bindir)/pmt
	$(foreach c,$(HAVE_COMMANDS),ln -sf pmt $(DESTDIR)$(bindir)/pmt-$c &&) :
	$(PUT) $(B)/libpmt.a $(DESTDIR)$(libdir)/libpmt.a
	mkdir -p $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir)/pmt \
	    $(DESTDIR)$(docdir) $(DESTDIR)$(pydir)
	sed -e 's|@prefix@|$(prefix)|' -e 's|@version@|$(VERSION)|' \
	    format/libpmt.pc.in >$(DESTDIR)$(libdir)/pkgconfig/libpmt.pc
	install -m 644 $(wildcard format/pmt/*.h) $(DESTDIR)$(includedir)/pmt
	$(foreach f,$(PY_SRC:recorder/%=%) \
	    $(shell cd $(B)/python && ls pmtrace/_recorder.*),\
	    $(PUT) $(B)/python/$f $(DESTDIR)$(pydir)/$f &&) :
	$(PUT) recorder/packaging/_pmtrace_start.py \
	    $(DESTDIR)$(pydir)/_pmtrace_start.py
	$(foreach f,$(DOCS),$(PUT) $f $(DESTDIR)$(docdir)/$f &&) :
	$(foreach m,$(MAN),$(PUT) $m $(call man_place,$m) &&) :
	$(PUT) $(B)/completion/pmt.bash $(DESTDIR)$(bashdir)/pmt
	$(PUT) $(B)/completion/pmt.zsh $(DESTDIR)$(zshdir)/_pmt

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(bindir)/pmt $(COMMANDS:%=$(DESTDIR)$(bindir)/pmt-%) \
	    $(DESTDIR)$(libdir)/libpmt.a \
	    $(DESTDIR)$(libdir)/pkgconfig/libpmt.pc \
	    $(DESTDIR)$(bashdir)/pmt $(DESTDIR)$(zshdir)/_pmt
	rm -f $(foreach m,$(MAN),$(call man_place,$m))
	rm -rf $(DESTDIR)$(includedir)/pmt $(DESTDIR)$(libdir)/pmtrace \
	    $(DESTDIR)$(docdir)

# Where PYTHON, also one of a virtual environment, looks for .pth files.
PTH = $(DESTDIR)$(shell $(PYTHON) -c \
    'import sysconfig; print(sysconfig.get_path("purelib"))')/pmtrace.pth

install-pth: ## after install: PYTHON finds pmtrace, and records where PMTRACE is set
	@test -e '$(DESTDIR)$(pydir)/pmtrace/_recorder$(EXT_SUFFIX)' || \
	{ echo "pmtrace: $(DESTDIR)$(pydir) has no recorder for $(PYTHON): run" \
	"'make PYTHON=$(PYTHON) install' before" >&2; exit 1; }
	@mkdir -p '$(dir $(PTH))'
	{ echo '$(pydir)' && cat recorder/packaging/pmtrace.pth; } >'$(PTH)'

uninstall-pth: ## take that back
	rm -f '$(PTH)'

clean: ## remove the build folders
	rm -rf $(B) $(B)-asan $(B)-tsan $(B)-clang $(B)-fuzz

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | \
	sort | awk -F '\t' '{ printf "%-20s%s\n", $$1, $$2 }'

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(CMD_OBJ) $(AUX_OBJ) $(EXT_OBJ) \
    $(call objects,$(UNIT_SRC) $(FUZZ_SRC) $(FUZZ_AUX) tests/fuzz/replay.c \
    $(LINKED_SRC) $(wildcard tests/bench/*.c tests/long/*.c)))

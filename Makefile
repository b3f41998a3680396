# SPDX-License-Identifier: BSD-2-Clause
#
# make              build all programs into build/<profile>/
# make demo         a network of four sites on this machine (root)
# make test         everything: units, vectors, lab, fuzz, lint
# make check        the fast part, without root
# make lab          the lab alone (root)
# make lint         warnings as errors, cppcheck, scripts, MIB, manual, walls
# make fmt          lay out the sources; fmt-check only tells
# make fuzz         each parser, FUZZ_SECONDS=10 each
# make bench        figures, no judgement
# make install      with DESTDIR and PREFIX; install-ROLE a part of it: common,
#                   agent, prober, manager, director, frontend or ctl
# make deb          Debian packages into build/deb/
# make deps         install missing Debian packages (root)
#
# PROFILE=release|asan|cov   V=1 shows the commands

PROFILE ?= release
BUILD   ?= build/$(PROFILE)
PREFIX  ?= /usr
# One place for the version: the first line of debian/changelog.
VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)

CC      ?= cc
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	   -Wcast-qual -Wsign-compare -Wpointer-arith -Wwrite-strings -Wvla \
	   -Wformat=2 -Wundef
FLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	   -fstack-clash-protection
FLAGS_asan    := -O1 -fsanitize=address,undefined \
	   -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_cov     := -O0 --coverage
FLAGS_lint    := -O2 -Werror
FLAGS_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined \
	   -fno-sanitize-recover=all -fno-omit-frame-pointer
CPPFLAGS += -D_GNU_SOURCE -DHOP_VERSION='"$(VERSION)"' -I. -I$(BUILD) \
	   $(shell xml2-config --cflags 2>/dev/null)
CFLAGS  += -std=c11 -g $(WARN) $(FLAGS_$(PROFILE)) -fPIE -MMD -MP
LDFLAGS += $(FLAGS_$(PROFILE)) -pie -Wl,-z,relro,-z,now -Wl,--as-needed
LDLIBS  := -lnetsnmpagent -lnetsnmp -levent -levent_openssl -lssl -lcrypto \
	   -lxml2 -lm

ifeq ($(V),1)
Q :=
else
Q := @
endif

# A room's objects go into one archive, but for the file with main(), which is
# named after its program: so tests link the real thing.
PROGRAMS := hoploadd hoppingd hopmanagerd hopdirectord hopfrontd hopctl
MAIN_hoploadd     := agent/hoploadd.c
MAIN_hoppingd     := agent/hoppingd.c
MAIN_hopmanagerd  := manager/hopmanagerd.c
MAIN_hopdirectord := director/hopdirectord.c
MAIN_hopfrontd    := frontend/hopfrontd.c
MAIN_hopctl       := ctl/hopctl.c
MAINS  := $(foreach p,$(PROGRAMS),$(MAIN_$(p)))
ROOMS  := agent manager director frontend ctl

LIB_SRC := $(wildcard lib/*.c lib/decide/*.c)
obj      = $(patsubst %.c,$(BUILD)/%.o,$(1))
room_src = $(filter-out $(MAINS),$(wildcard $(1)/*.c $(1)/*/*.c))

all: $(PROGRAMS:%=$(BUILD)/%)

$(BUILD)/libhop.a: $(call obj,$(LIB_SRC))
define room
$(BUILD)/$(1).a: $(call obj,$(call room_src,$(1)))
endef
$(foreach r,$(ROOMS),$(eval $(call room,$(r))))
$(BUILD)/%.a:
	@mkdir -p $(@D)
	@echo "  AR   $@"
	$(Q)rm -f $@ && ar rcs $@ $^

define program
$(BUILD)/$(1): $(call obj,$(MAIN_$(1))) \
    $(BUILD)/$(patsubst %/,%,$(dir $(MAIN_$(1)))).a $(BUILD)/libhop.a
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))
$(PROGRAMS:%=$(BUILD)/%):
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c | $(BUILD)/mib.h
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The numbers and types of our MIB objects, from the MIB itself.
$(BUILD)/mib.h: mibs/HOPSCOTCH-MIB.txt tools/mibgen
	@command -v xml2-config >/dev/null || \
	    { echo "packages are missing: make deps"; exit 1; }
	@mkdir -p $(@D)
	@echo "  GEN  $@"
	$(Q)tools/mibgen mibs/HOPSCOTCH-MIB.txt > $@.tmp && mv $@.tmp $@

# The configuration's grammar for editors, from the loader's own table.
$(BUILD)/mkrng: $(call obj,tools/mkrng.c) $(BUILD)/libhop.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
rng: $(BUILD)/mkrng
	$(Q)$(BUILD)/mkrng > conf/hopscotch.rng

# Units: tests/<path>/<name>_test.c mirrors <path>/<name>.c.
UNIT_SRC := $(shell find tests -name '*_test.c' 2>/dev/null)
UNITS    := $(UNIT_SRC:%.c=$(BUILD)/%)
unit_room = $(filter $(ROOMS),$(word 2,$(subst /, ,$(1))))
WAN_SRC  := $(filter-out %_test.c,$(wildcard tests/wan/*.c))
define unit
$(BUILD)/$(1:%.c=%): $(call obj,$(1)) \
    $(if $(filter tests/wan/%,$(1)),$(call obj,$(WAN_SRC))) \
    $(if $(call unit_room,$(1)),$(BUILD)/$(call unit_room,$(1)).a) \
    $(BUILD)/libhop.a
endef
$(foreach u,$(UNIT_SRC),$(eval $(call unit,$(u))))
$(UNITS):
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcunit
units: $(UNITS)

objects: $(call obj,$(LIB_SRC) $(wildcard $(ROOMS:%=%/*.c) \
    $(ROOMS:%=%/*/*.c) tests/lab/*.c tests/bench/*.c) $(WAN_SRC) $(UNIT_SRC))

# Fuzz targets: tests/fuzz/<name>_fuzz.c, any room may be under test; the
# one that <name> is comes first, as rooms may use the same names inside.
CLANG        ?= clang-14
FUZZ_SECONDS ?= 10
FUZZ_SRC     := $(wildcard tests/fuzz/*_fuzz.c)
FUZZERS      := $(patsubst %.c,$(BUILD)/%,$(FUZZ_SRC))
fuzz_room = $(filter $(ROOMS),$(firstword $(subst _, ,$(notdir $(1)))))
define fuzzer
$(BUILD)/$(1:%.c=%): $(call obj,$(1)) \
    $(patsubst %,$(BUILD)/%.a,$(call fuzz_room,$(1)) $(ROOMS)) \
    $(BUILD)/libhop.a
endef
$(foreach f,$(FUZZ_SRC),$(eval $(call fuzzer,$(f))))
$(FUZZERS):
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
fuzzers: $(FUZZERS)
fuzz:
	$(Q)$(MAKE) --no-print-directory PROFILE=fuzz CC=$(CLANG) fuzzers
	$(Q)tests/fuzz/run $(FUZZ_SECONDS)

# Small tools of the lab: a holder of connections, a load of requests.
LAB_TOOLS := $(patsubst %.c,$(BUILD)/%,$(filter-out \
    %/clockstep.c %/client.c, \
    $(wildcard tests/lab/*.c))) $(BUILD)/tests/lab/clockstep.so
$(BUILD)/tests/lab/clockstep.so: tests/lab/clockstep.c
	@mkdir -p $(@D)
	@echo "  LD   $@"
	$(Q)$(CC) $(CPPFLAGS) -std=c11 -O2 $(WARN) -fPIC -shared -o $@ $<
$(BUILD)/tests/lab/wan: $(call obj,$(WAN_SRC))
$(addprefix $(BUILD)/tests/lab/,crowd fill load steady): \
    $(BUILD)/tests/lab/client.o
$(filter-out %.so,$(LAB_TOOLS)): $(BUILD)/%: $(BUILD)/%.o
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
lab-tools: all $(LAB_TOOLS)

deps:
	$(Q)tools/deps test
# What they need is installed first; then the Makefile is read anew, since
# it asks the packages for their flags.
demo:
	$(Q)tools/deps demo
	$(Q)$(MAKE) --no-print-directory -j2 lab-tools
	$(Q)tests/lab/demo.sh
test:
	$(Q)tools/deps test
	$(Q)tests/run all
check:
	$(Q)tests/run check
lab: lab-tools
	$(Q)tests/run lab

BENCH_SRC := $(wildcard tests/bench/*_bench.c)
BENCHES   := $(patsubst %.c,$(BUILD)/%,$(BENCH_SRC))
$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(ROOMS:%=$(BUILD)/%.a) \
    $(BUILD)/libhop.a
	@echo "  LD   $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
bench: lab-tools $(BENCHES)
	$(Q)tools/deps bench || true
	$(Q)for b in $(filter-out %/ping.sh,$(wildcard tests/bench/*.sh)); do \
	    $$b || exit 1; done # paths.sh runs ping.sh

lint:
	$(Q)tests/run lint
walls:
	$(Q)tools/walls
FORMAT  ?= clang-format-14
SOURCES  = $(shell find lib $(ROOMS) tests \( -name '*.c' -o -name '*.h' \))
fmt:
	$(Q)$(FORMAT) -i $(SOURCES)
fmt-check:
	$(Q)$(FORMAT) --dry-run --Werror $(SOURCES)

# What each role is made of. Paths of PREFIX are written into units.
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSCONF ?= /etc
to      = $(DESTDIR)$(1)
SHARE   = $(PREFIX)/share
put     = install -D -m 644 $(1) $(call to,$(2))
put_bin = install -D -m 755 $(1) $(call to,$(2))
put_man = $(call put,doc/man/$(1),$(SHARE)/man/man$(2)/$(1))
put_unit = install -d $(call to,$(UNITDIR)) && sed \
	   -e 's,/usr/sbin/,$(PREFIX)/sbin/,' -e 's,/usr/bin/,$(PREFIX)/bin/,' \
	   conf/systemd/$(1).service > $(call to,$(UNITDIR)/$(1).service)
put_snmp = $(call put,conf/snmpd.conf.d/$(1).conf,$(2)/hopscotch-$(1).conf)
SNMP_D  = $(SYSCONF)/snmp/snmpd.conf.d

define install_daemon
	$(call put_bin,$(BUILD)/$(1),$(PREFIX)/sbin/$(1))
	$(call put_man,$(1).8,8)
	$(call put_unit,$(1))
endef
install-common:
	$(call put,mibs/HOPSCOTCH-MIB.txt,$(SHARE)/snmp/mibs/HOPSCOTCH-MIB.txt)
	$(call put,conf/sysusers.d/hopscotch.conf,$(PREFIX)/lib/sysusers.d/hopscotch.conf)
	$(call put,conf/tmpfiles.d/hopscotch.conf,$(PREFIX)/lib/tmpfiles.d/hopscotch.conf)
	$(call put,conf/logrotate.d/hopscotch,$(SYSCONF)/logrotate.d/hopscotch)
	$(call put_snmp,users,$(SNMP_D))
	$(call put_snmp,agentx,$(SHARE)/hopscotch)
	for f in hopscotch.xml hopscotch.rng; do \
	    $(call put,conf/$$f,$(SHARE)/doc/hopscotch/examples/$$f) || exit 1; done
	for f in README.md CHANGELOG.md doc/*.md; do \
	    $(call put,$$f,$(SHARE)/doc/hopscotch/$${f##*/}) || exit 1; done
	$(call put_bin,conf/sbin/hopscotch-init,$(PREFIX)/sbin/hopscotch-init)
	$(call put_bin,conf/sbin/hopscotch-snmp-setup,$(PREFIX)/sbin/hopscotch-snmp-setup)
	$(call put_man,hopscotch-init.8,8)
	$(call put_man,hopscotch-snmp-setup.8,8)
	$(call put_man,hopscotch.xml.5,5)
	install -d $(call to,$(SYSCONF)/hopscotch)
install-agent: $(BUILD)/hoploadd
	$(call install_daemon,hoploadd)
	$(call put,conf/default/hoploadd,$(SYSCONF)/default/hoploadd)
	$(call put_snmp,content-server,$(SNMP_D))
install-prober: $(BUILD)/hoppingd
	$(call install_daemon,hoppingd)
	$(call put_unit,hoppingd@)
	$(call put,conf/default/hoppingd,$(SYSCONF)/default/hoppingd)
	$(call put_snmp,border,$(SNMP_D))
install-manager: $(BUILD)/hopmanagerd
	$(call install_daemon,hopmanagerd)
	$(call put_snmp,manager,$(SNMP_D))
install-director: $(BUILD)/hopdirectord
	$(call install_daemon,hopdirectord)
install-frontend: $(BUILD)/hopfrontd
	$(call install_daemon,hopfrontd)
install-ctl: $(BUILD)/hopctl
	$(call put_bin,$(BUILD)/hopctl,$(PREFIX)/bin/hopctl)
	$(call put_man,hopctl.8,8)
	install -d $(call to,$(SHARE)/bash-completion/completions)
	$(BUILD)/hopctl completion > \
	    $(call to,$(SHARE)/bash-completion/completions/hopctl)
INSTALLS := $(addprefix install-,common agent prober manager director \
	    frontend ctl)
install: $(INSTALLS)
# By hand only: a package makes it at its own installation, where no other
# agentXSocket is in the way.
	$(call put_snmp,agentx,$(SNMP_D))

# From a copy of the tree, as dpkg-buildpackage writes beside it.
deb:
	$(Q)tools/deps deb
	$(Q)tools/mkdeb build/deb

clean:
	rm -rf build

.PHONY: all rng units objects fuzzers fuzz lab-tools deps demo test check lab \
	bench lint walls fmt fmt-check install $(INSTALLS) deb clean
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

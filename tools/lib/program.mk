# SPDX-License-Identifier: GPL-2.0
# How a program of tools/ is built; its Makefile says with what.
#   make                  build/tools/NAME
#   make sanitized        build/obj/NAME/NAME-san, with ASan and UBSan
#   make check            the unit tests in tests/unit/NAME/, with these
#   make fuzz SECONDS=60  libFuzzer (clang) over all that reads what others may have written
# shared: sources beside its own; link: flags of the program's last step, -pie or -static-pie
TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
name := $(notdir $(CURDIR))
prog := $(TOP)/build/tools/$(name)
obj := $(TOP)/build/obj/$(name)
fuzz := $(TOP)/tests/fuzz/$(name)
seed ?= $(fuzz)/seed
SECONDS ?= 60

CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -MMD -MP \
	  -iquote$(CURDIR) -iquote$(TOP)/tools/lib
include $(TOP)/tools/lib/hardening.mk
sanitize := -fno-sanitize-recover=all -fsanitize=address,undefined

vpath %.c $(TOP)/tools/lib
parts := $(filter-out main.o,$(notdir $(patsubst %.c,%.o,$(wildcard *.c) $(shared))))
tests := $(basename $(notdir $(wildcard $(TOP)/tests/unit/$(name)/*.c)))
fuzzers := $(basename $(notdir $(wildcard $(fuzz)/*.c)))
dict := $(addprefix -dict=,$(wildcard $(fuzz)/words))

all: $(prog)

$(prog): $(parts:%=$(obj)/%) $(obj)/main.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(HARDEN_C) $(LDFLAGS) $(HARDEN_LD) $(link) -o $@ $^ $(LDLIBS)

$(obj)/%.o: %.c Makefile $(TOP)/tools/lib/hardening.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(HARDEN_C) -c -o $@ $<

$(obj)/san-%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(sanitize) -c -o $@ $<

$(obj)/fuzz-%.o: %.c Makefile
	@mkdir -p $(@D)
	clang $(filter-out -Werror,$(CFLAGS)) -Werror=int-conversion -Wno-gnu $(sanitize),fuzzer-no-link -c -o $@ $<

$(obj)/$(name)-san: $(parts:%=$(obj)/san-%) $(obj)/san-main.o
	$(CC) $(CFLAGS) $(sanitize) -o $@ $^ $(LDLIBS)

# a .d file of an earlier build names headers too
$(obj)/unit-%: $(TOP)/tests/unit/$(name)/%.c $(parts:%=$(obj)/san-%)
	$(CC) $(CFLAGS) $(sanitize) -o $@ $(filter %.c %.o,$^) $(LDLIBS)

$(obj)/fuzzer-%: $(fuzz)/%.c $(parts:%=$(obj)/fuzz-%)
	clang $(filter-out -Werror,$(CFLAGS)) -Werror=int-conversion -Wno-gnu $(sanitize),fuzzer -o $@ $(filter %.c %.o,$^) $(LDLIBS)

sanitized: $(obj)/$(name)-san

check: $(tests:%=$(obj)/unit-%)
	@for t in $^; do $$t || exit 1; done

# each reader gets its share of SECONDS; what it found before is kept beside it
fuzz: $(fuzzers:%=$(obj)/fuzzer-%)
	@for f in $(fuzzers); do mkdir -p $(obj)/corpus-$$f && \
		$(obj)/fuzzer-$$f -max_total_time=$$(($(SECONDS) / $(words $(fuzzers)))) -max_len=4096 \
			$(dict) -artifact_prefix=$(obj)/fuzz-$$f- -verbosity=0 -print_final_stats=1 \
			$(obj)/corpus-$$f $(seed)/$$f || exit 1; done

clean:
	rm -rf $(obj) $(prog)

.PHONY: all check fuzz sanitized clean
.SECONDARY:
-include $(wildcard $(obj)/*.d)

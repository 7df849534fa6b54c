# SPDX-License-Identifier: GPL-2.0
# Hardening by compiler and linker: dpkg-buildflags' flags
# where that is there, the same by hand elsewhere. Not for sanitizers and fuzzers, which have
# their own. Sets HARDEN_C and HARDEN_LD; a program that is linked statically gets static-pie.
buildflags = $(shell DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --get $(1) 2>/dev/null)
HARDEN_C := $(filter -fstack% -Wformat% -Werror=format%,$(call buildflags,CFLAGS))
ifeq ($(HARDEN_C),)
HARDEN_C := -fstack-protector-strong -Wformat -Werror=format-security
endif
# dpkg leaves the compiler's own default out
HARDEN_C += -fPIE -fstack-clash-protection
HARDEN_LD := -Wl,-z,relro -Wl,-z,now
ifneq ($(filter x86_64 i%86,$(shell uname -m)),)
HARDEN_C += -fcf-protection
endif
# it needs an optimizer
ifneq ($(filter -O1 -O2 -O3 -Os,$(CFLAGS)),)
HARDEN_C += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

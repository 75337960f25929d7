# Windows: py -3.11 tools\make.py run   (likewise every other target)
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1 \
	&& echo "$$p" && break; done)

TARGETS := setup run test test-long test-browser lint scripts docs audit cluster lowest newest bundle bench mutate clean
.PHONY: $(TARGETS)
$(TARGETS):
	@if [ -z "$(PYTHON)" ]; then \
	echo "需要 Python 3.11–3.14（没有找到）。请安装后重试，或写 make PYTHON=路径。"; \
	echo "Python 3.11–3.14 is needed and was not found. Install it, or give make PYTHON=path."; exit 1; fi
	@"$(PYTHON)" tools/make.py $@

# Everything a person does with the source tree. `make demo` and `make test` install what they need.
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
RELEASE = -c release --static-swift-stdlib -Xlinker -s
STAGE = $(CURDIR)/.build/stage

.PHONY: demo test bench build install uninstall lint stage packages clean

# Product by product: a plain `swift build` would build the tests' support as well, which a release does not have.
build:
	for product in catboat catboat-media catboat-history catboat-launch catboat-setattr; do \
	    $(SWIFT) build $(RELEASE) --product $$product || exit 1; done

packages:
	tools/install-packages

# The release build, installed below .build/stage: what the tests, the demo and the benchmarks run.
stage: packages build
	rm -rf $(STAGE)
	tools/install --from "$$($(SWIFT) build $(RELEASE) --show-bin-path)" --prefix /usr --destdir $(STAGE)

test: stage
	tools/run-tests

demo: stage
	tools/demo $(STAGE)/usr $(OS)

bench: stage
	tools/bench $(STAGE)/usr

install: build
	tools/install --from "$$($(SWIFT) build $(RELEASE) --show-bin-path)" --prefix $(PREFIX) --destdir "$(DESTDIR)"

uninstall:
	tools/install --uninstall --prefix $(PREFIX) --destdir "$(DESTDIR)"

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	tools/lint

clean:
	rm -rf .build

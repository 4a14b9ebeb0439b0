# The front door. `make help` lists the targets.
#
# Papers are found by their folders under papers/; adding one adds no line here.

PROFILE ?= quick
SEED    ?= 0
FROM    ?=
EXPERIMENTS ?=
CELL_LIMIT ?=
FRESH   ?=
PAPER   ?=
NOTEBOOKS ?= $(wildcard papers/*/notebook.ipynb)
JUPYTER_OPTIONS ?=
EXECUTOR ?= local
SETTINGS ?=
SNAKEMAKE_OPTIONS ?=

CARGO  ?= cargo
PAPERS := $(sort $(patsubst papers/%/Cargo.toml,%,$(wildcard papers/*/Cargo.toml)))
EXECUTORS := $(patsubst shared/cluster/%/config.yaml,%,$(wildcard shared/cluster/*/config.yaml))
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)/debug
OPTIONS = --profile $(PROFILE) --seed $(SEED) $(if $(THREADS),--threads $(THREADS)) $(if $(CELL_LIMIT),--cell-limit $(CELL_LIMIT)) $(SMOKE)
# The smoke profile never writes into reports/.
SMOKE = $(if $(filter smoke,$(PROFILE)),--out target/smoke)

.DEFAULT_GOAL := all
.PHONY: all full cost rivals help index build test ci lint smoke data bench docs new notebook notebooks clean $(PAPERS)

all: build ## Reproduce every paper at the quick profile into reports/, then the scoreboard
	@set -e; for paper in $(PAPERS); do $(TARGET)/$$paper reproduce $(OPTIONS); done
	@$(TARGET)/lab index $(SMOKE)

$(PAPERS): build
	@$(TARGET)/$@ reproduce $(EXPERIMENTS) $(OPTIONS)
	@$(TARGET)/lab index $(SMOKE)

full: build ## Reproduce the papers' own sizes, as jobs of Snakemake: on this machine, or on a cluster with EXECUTOR=slurm
	@test -n "$(filter $(EXECUTORS),$(EXECUTOR))" || { echo "make: EXECUTOR=$(EXECUTOR): expected one of $(EXECUTORS)"; exit 2; }
	@shared/python-environment cluster shared/cluster/requirements.txt "Snakemake (about 300 MB, half a minute)"
	@target/cluster/venv/bin/snakemake --snakefile shared/cluster/Snakefile --workflow-profile shared/cluster/$(EXECUTOR) \
	  --config executor=$(EXECUTOR) papers="$(PAPERS)" experiments="$(EXPERIMENTS)" seed=$(SEED) programs=$(TARGET) $(if $(THREADS),threads=$(THREADS)) $(if $(CELL_LIMIT),cell_limit=$(CELL_LIMIT)) $(SETTINGS) \
	  --quiet rules host --rerun-incomplete --keep-going $(SNAKEMAKE_OPTIONS)

cost: build ## Extrapolate what `make full` takes from at least six cells of each experiment, in core-hours
	@python3 shared/cluster/cost.py $(TARGET) target/cost 240 $(PAPERS)

rivals: build ## Hold the contests with public Python packages, and write reports/rivals/
	@shared/rivals/set-up $(PAPERS)
	@set -e; for paper in $(PAPERS); do $(TARGET)/$$paper rivals --seed $(SEED); done
	@$(TARGET)/rivals
	@$(TARGET)/lab index

index: build ## Write the scoreboard from the papers' verdicts
	@$(TARGET)/lab index

build: tools ## Compile every paper's program
	@$(CARGO) build --workspace

test: tools ## Run the tests
	@$(CARGO) test --workspace

bench: tools ## Measure speed against the rivals' algorithms
	@$(CARGO) bench --workspace --bench '*' --profile dev

docs: tools ## Build the documentation of the crates into target/doc
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

new: tools ## Lay a crate for a paper: PAPER=its-name, with every file that a paper has, compiling and passing at once
	@shared/new "$(PAPER)"

data: build ## Bring the public data sets into data/: FROM=folder copies instead of downloading
	@$(TARGET)/lab data $(if $(FROM),--from $(FROM))

lint: tools ## Check formatting, lints, that methods are light libraries, and that nothing would be compiled twice
	@$(CARGO) fmt --all --check
	@shared/check-libraries.sh
	@shared/notebooks/check-features.sh
	@$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

smoke: build ## Run every paper in seconds with 1 and 2 threads and in 3 shards, and compare the bytes
	@shared/check-determinism.sh $(TARGET) $(PAPERS)
	@shared/rivals/check.sh $(TARGET) $(PAPERS)

ci: lint docs test smoke ## Everything that a change must pass; notebooks too, where the kernel is installed
	@shared/check-readme.sh
	@shared/cluster/check.sh $(TARGET)
	@if shared/notebooks/set-up --installed; then $(MAKE) --no-print-directory notebooks; \
	else echo "ci: notebooks NOT executed: the Rust kernel is not installed (make notebook installs it)"; fi
	@echo "ci: formatting, lints, documentation, tests and determinism passed"

notebook: tools ## Open the notebooks in JupyterLab; what that needs is installed into target/notebook
	@shared/notebooks/set-up
	@$(CARGO) build --workspace --quiet
	@$(JUPYTER) -m jupyterlab --ServerApp.root_dir=papers $(JUPYTER_OPTIONS)

notebooks: tools ## Execute notebooks that changed, or stand on what did, into reports/<paper>/notebook.html; all with FRESH=1
	@shared/notebooks/set-up
	@$(CARGO) build --workspace --quiet
	@$(JUPYTER) shared/notebooks/execute.py $(if $(FRESH),--fresh) $(NOTEBOOKS)

# A kernel of the user's own by the same name is passed over.
JUPYTER = JUPYTER_PREFER_ENV_PATH=1 target/notebook/venv/bin/python

clean: ## Remove what was compiled; measured cells (.rows) and reports stay
	@$(CARGO) clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  make <paper>    One paper: $(PAPERS)"
	@echo "                  PROFILE=smoke|quick|full THREADS=n SEED=n EXPERIMENTS='a b' CELL_LIMIT=10m"

# One line for whoever lacks a tool, instead of a page of compiler output.
.PHONY: tools
tools:
	@command -v $(CARGO) >/dev/null || { echo "make: cargo is missing: install Rust from https://rustup.rs"; exit 2; }
	@needed=$$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml); found=$$($(CARGO) --version | cut -d' ' -f2); \
	 [ "$$(printf '%s\n' "$$needed" "$$found" | sort -V | head -n 1)" = "$$needed" ] || \
	 { echo "make: Rust $$needed or newer is needed, found $$found: run rustup update"; exit 2; }
	@command -v cc >/dev/null || { echo "make: a C compiler is missing: install gcc or clang (Debian: apt install build-essential)"; exit 2; }

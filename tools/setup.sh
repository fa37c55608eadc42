#!/usr/bin/env bash
# Makes a fresh Debian 12 or Ubuntu 24.04 ready to build and test this checkout:
#   - the distribution's packages, by apt-get, and only when one of them is missing;
#   - everything else into .deps/ inside the checkout.
# Running it again costs a fraction of a second and needs no network.
#
#   tools/setup.sh [lint] [fuzz] [bench]     the words add what only those jobs need
#   tools/setup.sh torch                     only LibTorch, for the trainer (0.8 GB)
#   tools/setup.sh llama                     only llama.cpp's library, which judges our GGUF files (46 MB)
#   tools/setup.sh peers                     only the Python programs that judge ours, and LibTorch (2 GB)
#
# LIQUID_SKIP_PACKAGES=1 leaves the system's packages alone (other distributions: install what the
# message lists under its local names first).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly TORCH_VERSION=2.13.0
readonly LLAMA_PACKAGES=3.22.1  # of npm; llama.cpp 0.5.0

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Debian 12's default Boost is 1.74; 1.81 has a package of its own there.
boost_package() {
  local name
  for name in libboost1.81-dev libboost1.83-dev libboost1.84-dev; do
    if installed "$name"; then
      echo "$name"
      return
    fi
  done
  if grep -q '^VERSION_CODENAME=bookworm' /etc/os-release 2>/dev/null; then
    echo libboost1.81-dev
  else
    echo libboost-dev
  fi
}

package_list() {
  echo ca-certificates ccache cmake curl g++ mold ninja-build openssl pkg-config poppler-utils \
    python3 python3-venv "$(boost_package)" \
    libbenchmark-dev libcli11-dev libcmark-gfm-dev libcmark-gfm-extensions-dev \
    libcurl4-openssl-dev libfmt-dev libgmock-dev libgtest-dev libgumbo-dev libpugixml-dev libspdlog-dev \
    libsqlite3-dev libssl-dev libstemmer-dev libutf8proc-dev libxxhash-dev libyaml-cpp-dev zlib1g-dev
  local group
  for group in "$@"; do
    case $group in
      lint) echo clang-tidy-14 ;;
      fuzz) echo clang-14 libclang-rt-14-dev ;;
      bench) echo wrk ;;
      *) die "tools/setup.sh: unknown word '$group' (known: lint, fuzz, bench)" ;;
    esac
  done
}

missing_packages() {
  local name
  for name in "$@"; do
    if ! installed "$name"; then echo "$name"; fi
  done
}

install_packages() {
  local as_root=() log=.deps/apt.log
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      die "these packages are missing, and installing them needs root or sudo. As root run:
  apt-get update && apt-get install -y --no-install-recommends $*"
    fi
    as_root=(sudo)
  fi
  say "installing packages: $*"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q
             -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
  if ! "${apt[@]}" update >"$log" 2>&1; then
    say "warning: apt-get update failed (see $log); trying with the lists that are there"
  fi
  if ! "${apt[@]}" install -y --no-install-recommends "$@" >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    die "apt-get could not install them; the whole log is $log"
  fi
}

ensure_packages() {
  if [[ ${LIQUID_SKIP_PACKAGES:-0} == 1 ]]; then return; fi
  local wanted missing
  wanted=$(package_list "$@") || exit 1
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    die "no apt-get here: tools/setup.sh knows Debian 12 and Ubuntu 24.04. Install what these
packages hold under your system's names, then run again with LIQUID_SKIP_PACKAGES=1:
$(tr '\n' ' ' <<<"$wanted" | fold -s -w 78)"
  fi
  # shellcheck disable=SC2086  # words are package names
  missing=$(missing_packages $wanted)
  # shellcheck disable=SC2086
  if [[ -n $missing ]]; then install_packages $missing; fi
}

# version_at_least HAVE WANTED
version_at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

check_versions() {
  local cmake_version gcc_version boost_version
  cmake_version=$(cmake --version 2>/dev/null | awk 'NR == 1 {print $3}')
  version_at_least "${cmake_version:-0}" 3.25 ||
    die "CMake 3.25 or newer is needed, here is ${cmake_version:-none}. Debian 12 and Ubuntu 24.04 have it;
Ubuntu 22.04 is too old (a newer one: https://cmake.org/download, or 'pip install cmake')."
  gcc_version=$("${CXX:-g++}" -dumpfullversion 2>/dev/null || true)
  version_at_least "${gcc_version:-0}" 12 ||
    die "g++ 12 or newer is needed, here is ${gcc_version:-none}."
  boost_version=$(awk '/^#define BOOST_VERSION / {print $3}' /usr/include/boost/version.hpp 2>/dev/null)
  if [[ ${LIQUID_SKIP_PACKAGES:-0} != 1 ]] && ((${boost_version:-0} < 108100)); then
    die "Boost 1.81 or newer is needed, /usr/include/boost is ${boost_version:-not there}."
  fi
}

# The virtual environment is made anew when its list, or the Python under it, has changed.
ensure_python() {
  local python=/usr/bin/python3 stamp=.deps/venv/made-from wanted
  if [[ ! -x $python ]]; then python=$(command -v python3) || die "python3 is missing"; fi
  wanted=$("$python" --version)$'\n'$ROOT$'\n'$(cat tools/requirements.txt)
  if [[ -f $stamp && $(cat "$stamp") == "$wanted" ]]; then return; fi
  say "Python tools into .deps/venv"
  rm -rf .deps/venv
  "$python" -m venv .deps/venv || die "$python cannot make a virtual environment (package python3-venv)"
  if ! .deps/venv/bin/pip install -q --disable-pip-version-check -r tools/requirements.txt \
    >.deps/pip.log 2>&1; then
    tail -n 15 .deps/pip.log >&2
    die "pip could not install tools/requirements.txt; the whole log is .deps/pip.log"
  fi
  printf '%s' "$wanted" >"$stamp"
}

# pip_torch FOLDER: PyTorch's processor-only build, from the package index in use if that has it, otherwise
# from PyTorch's own. (The plain "torch" of PyPI would bring gigabytes of CUDA libraries.)
pip_torch() {
  local pip=(.deps/venv/bin/pip install -q --disable-pip-version-check --no-deps --target "$1")
  "${pip[@]}" "torch==$TORCH_VERSION+cpu" ||
    "${pip[@]}" --index-url https://download.pytorch.org/whl/cpu "torch==$TORCH_VERSION+cpu"
}

# LibTorch is the C++ half of the PyTorch wheel; the peers see the same copy.
ensure_torch() {
  local stamp=.deps/torch/made-from
  if [[ -f $stamp && $(cat "$stamp") == "$TORCH_VERSION" ]]; then return; fi
  say "LibTorch $TORCH_VERSION into .deps/torch"
  rm -rf .deps/torch .deps/torch.new
  if ! pip_torch .deps/torch.new >.deps/torch.log 2>&1; then
    tail -n 15 .deps/torch.log >&2
    die "pip could not install torch $TORCH_VERSION (processor-only); the whole log is .deps/torch.log"
  fi
  printf '%s' "$TORCH_VERSION" >.deps/torch.new/made-from
  mv .deps/torch.new .deps/torch
}

# llama.cpp as the npm packages of node-llama-cpp bring it: libraries ready to use, and the headers of the
# same version in a bundle of its source.
ensure_llama() {
  local stamp=.deps/llama/made-from new=$ROOT/.deps/llama.new
  if [[ -f $stamp && $(cat "$stamp") == "$LLAMA_PACKAGES" ]]; then return; fi
  if ! command -v npm >/dev/null; then install_packages npm; fi
  say "llama.cpp ($LLAMA_PACKAGES) into .deps/llama"
  rm -rf .deps/llama "$new"
  mkdir -p "$new"
  if ! (
    cd "$new"
    npm pack --silent "node-llama-cpp@$LLAMA_PACKAGES" "@node-llama-cpp/linux-x64@$LLAMA_PACKAGES"
    tar xzf "node-llama-cpp-linux-x64-$LLAMA_PACKAGES.tgz"
    tar xzf "node-llama-cpp-$LLAMA_PACKAGES.tgz" package/llama/gitRelease.bundle
    git -c advice.detachedHead=false clone -q package/llama/gitRelease.bundle source
    mv package/bins/linux-x64 lib
    mkdir include
    cp source/include/*.h source/ggml/include/*.h include/
    rm -rf package source ./*.tgz lib/*.node
  ) >.deps/llama.log 2>&1; then
    tail -n 15 .deps/llama.log >&2
    die "npm could not bring node-llama-cpp $LLAMA_PACKAGES; the whole log is .deps/llama.log"
  fi
  printf '%s' "$LLAMA_PACKAGES" >"$new/made-from"
  mv "$new" .deps/llama
}

# MLflow, transformers, PEFT and friends, in an environment of their own.
ensure_peers() {
  local python=/usr/bin/python3 stamp=.deps/peers/made-from wanted
  if [[ ! -x $python ]]; then python=$(command -v python3) || die "python3 is missing"; fi
  wanted=$("$python" --version)$'\n'$ROOT$'\n'$TORCH_VERSION$'\n'$(cat tools/requirements-peers.txt)
  if [[ -f $stamp && $(cat "$stamp") == "$wanted" ]]; then return; fi
  say "MLflow and other peers into .deps/peers (one to three minutes)"
  rm -rf .deps/peers
  "$python" -m venv .deps/peers || die "$python cannot make a virtual environment (package python3-venv)"
  if ! {
    .deps/peers/bin/pip install -q --disable-pip-version-check --no-deps \
      -r tools/requirements-peers.txt &&
      echo "$ROOT/.deps/torch" >"$(echo .deps/peers/lib/python3*/site-packages)/libtorch.pth"
  } >.deps/peers.log 2>&1; then
    tail -n 15 .deps/peers.log >&2
    die "pip could not install the peers; the whole log is .deps/peers.log"
  fi
  printf '%s' "$wanted" >"$stamp"
}

mkdir -p .deps
case ${1:-} in
  torch)
    exec 7>.deps/torch.lock
    flock 7
    ensure_python
    ensure_torch
    exit
    ;;
  llama)
    exec 6>.deps/llama.lock
    flock 6
    ensure_llama
    exit
    ;;
  peers)  # beside a build that may be running
    tools/setup.sh torch
    tools/setup.sh llama
    exec 8>.deps/peers.lock
    flock 8
    ensure_peers
    exit
    ;;
esac
exec 9>.deps/lock
flock 9
ensure_packages "$@"
check_versions
ensure_python

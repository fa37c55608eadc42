#include "lfm2/model/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <tuple>
#include <utility>

namespace liquid::lfm2 {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kGrowth = std::size_t{8} << 20;
constexpr std::size_t kLeastAddresses = std::size_t{64} << 20;

std::size_t rounded_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

// Addresses for all of the machine's memory; they cost nothing until they are made writable. Less
// where a limit on addresses (ulimit -v) forbids it.
std::pair<std::byte*, std::size_t> reserve_addresses() {
  std::size_t size = rounded_up(static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
                                    static_cast<std::size_t>(sysconf(_SC_PAGESIZE)),
                                kGrowth);
  for (; size >= kLeastAddresses; size = rounded_up(size / 2, kGrowth)) {
    void* start =
        mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != MAP_FAILED) return {static_cast<std::byte*>(start), size};
    if (size == kLeastAddresses) break;
  }
  throw std::bad_alloc();
}

}  // namespace

// Invariants: `free` and `taken` cut [0, writable) into blocks by offset; no two neighbours are
// both free. First fit by address: what is taken early and lives long stays low.
struct Arena::State {
  std::byte* start = nullptr;
  std::size_t addresses = 0;

  mutable std::mutex mutex;
  std::size_t writable = 0;                  // guarded by mutex
  std::map<std::size_t, std::size_t> free;   // offset → size; guarded by mutex
  std::map<std::size_t, std::size_t> taken;  // offset → size; guarded by mutex

  void grow(std::size_t wanted);
  void release(std::size_t offset, std::size_t size);
};

// Makes room for `wanted` bytes at the end, using a free block there.
void Arena::State::grow(std::size_t wanted) {
  std::size_t at_end = 0;
  if (!free.empty()) {
    const auto& [offset, size] = *std::prev(free.end());
    if (offset + size == writable) at_end = size;
  }
  const std::size_t more = rounded_up(wanted - at_end, kGrowth);
  if (more > addresses - writable) throw std::bad_alloc();
  std::byte* fresh = start + writable;
  if (mprotect(fresh, more, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  // Only advice: without huge pages everything works, a little slower.
  static_cast<void>(madvise(fresh, more, MADV_HUGEPAGE));
  const std::size_t offset = writable;
  writable += more;
  release(offset, more);
}

void Arena::State::release(std::size_t offset, std::size_t size) {
  auto after = free.lower_bound(offset);
  if (after != free.end() && offset + size == after->first) {
    size += after->second;
    after = free.erase(after);
  }
  if (after != free.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second == offset) {
      before->second += size;
      return;
    }
  }
  free.emplace(offset, size);
}

Arena::Arena(std::unique_ptr<State> state) : state_(std::move(state)) {}
Arena::~Arena() { munmap(state_->start, state_->addresses); }

std::shared_ptr<Arena> Arena::create() {
  auto state = std::make_unique<State>();
  std::tie(state->start, state->addresses) = reserve_addresses();
  return std::shared_ptr<Arena>(new Arena(std::move(state)));
}

void* Arena::take(std::size_t bytes) {
  const std::size_t size = rounded_up(std::max<std::size_t>(bytes, 1), kAlignment);
  const std::lock_guard lock(state_->mutex);
  const auto fits = [size](const auto& block) { return block.second >= size; };
  auto found = std::find_if(state_->free.begin(), state_->free.end(), fits);
  if (found == state_->free.end()) {
    state_->grow(size);
    found = std::prev(state_->free.end());
  }
  const auto [offset, available] = *found;
  state_->free.erase(found);
  if (available > size) state_->free.emplace(offset + size, available - size);
  state_->taken.emplace(offset, size);
  return state_->start + offset;
}

void Arena::give_back(void* block) {
  const std::lock_guard lock(state_->mutex);
  const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(block) - state_->start);
  const auto found = state_->taken.find(offset);
  assert(found != state_->taken.end());
  const std::size_t size = found->second;
  state_->taken.erase(found);
  state_->release(offset, size);
}

std::size_t Arena::high_water() const {
  const std::lock_guard lock(state_->mutex);
  return state_->writable;
}

}  // namespace liquid::lfm2

#pragma once

namespace liquid::cache {

/// A place in a `HookList`. The tag keeps apart the lists one object is in.
template <typename Tag>
struct ListHook {
  ListHook* newer = nullptr;
  ListHook* older = nullptr;
};

/// A doubly linked list through objects that others own, newest first. Invariant: the objects
/// outlive their stay in the list, and do not move.
template <typename Tag>
class HookList {
 public:
  using Hook = ListHook<Tag>;

  bool empty() const { return newest_ == nullptr; }
  Hook* newest() const { return newest_; }
  Hook* oldest() const { return oldest_; }

  void insert_newest(Hook& hook) {
    hook.newer = nullptr;
    hook.older = newest_;
    (newest_ ? newest_->newer : oldest_) = &hook;
    newest_ = &hook;
  }

  void erase(Hook& hook) {
    (hook.newer ? hook.newer->older : newest_) = hook.older;
    (hook.older ? hook.older->newer : oldest_) = hook.newer;
    hook.newer = hook.older = nullptr;
  }

 private:
  Hook* newest_ = nullptr;
  Hook* oldest_ = nullptr;
};

}  // namespace liquid::cache

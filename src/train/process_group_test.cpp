#include "train/process_group.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>
#include <vector>

namespace liquid::train {
namespace {

/// Sets an environment variable for one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return ntohs(address.sin_port);
}

TEST(GroupPlace, IsOneProcessWithoutTorchrun) {
  const auto place = group_place_from_environment();
  ASSERT_TRUE(place);
  EXPECT_EQ(*place, GroupPlace{});
}

TEST(GroupPlace, IsReadFromTorchrunsVariables) {
  const Variable size("WORLD_SIZE", "4");
  const Variable rank("RANK", "3");
  const Variable local("LOCAL_RANK", "1");
  const Variable address("MASTER_ADDR", "10.0.0.7");
  const Variable port("MASTER_PORT", "12345");
  const auto place = group_place_from_environment();
  ASSERT_TRUE(place);
  EXPECT_EQ(*place, (GroupPlace{3, 4, 1, "10.0.0.7", 12345}));
}

TEST(GroupPlace, RefusesARankOutsideOfTheGroup) {
  const Variable size("WORLD_SIZE", "2");
  const Variable rank("RANK", "2");
  const auto place = group_place_from_environment();
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(place.error().message,
            "environment variable RANK is '2', expected a number from 0 to 1");
}

TEST(ProcessGroup, OfOneProcessLeavesTensorsAlone) {
  auto group = ProcessGroup::join({});
  ASSERT_TRUE(group);
  std::vector<at::Tensor> tensors{at::full({3}, 2.0)};
  ASSERT_TRUE((*group)->sum(tensors));
  EXPECT_EQ(tensors[0][0].item<double>(), 2.0);
  EXPECT_TRUE((*group)->leads());
}

TEST(ProcessGroup, SumsAndBroadcastsBetweenTwo) {
  const std::uint16_t port = free_port();
  const auto work = [port](int rank) {
    auto group = ProcessGroup::join({rank, 2, rank, "127.0.0.1", port}, std::chrono::seconds(60));
    ASSERT_TRUE(group) << group.error().message;
    std::vector<at::Tensor> tensors{at::full({2, 3}, rank + 1.0), at::full({5}, rank * 10.0)};
    ASSERT_TRUE((*group)->sum(tensors));
    EXPECT_EQ(tensors[0][1][2].item<double>(), 3.0);
    EXPECT_EQ(tensors[1][4].item<double>(), 10.0);
    std::vector<double> numbers{rank + 0.5, 1};
    ASSERT_TRUE((*group)->sum(numbers));
    EXPECT_EQ(numbers, (std::vector<double>{2.0, 2.0}));
    std::vector<at::Tensor> spread{at::full({2}, rank + 7.0)};
    ASSERT_TRUE((*group)->broadcast(spread));
    EXPECT_EQ(spread[0][1].item<double>(), 7.0);
    EXPECT_TRUE((*group)->barrier());
  };
  std::thread other(work, 1);
  work(0);
  other.join();
}

TEST(ProcessGroup, SaysWhoWaitedForWhomWhenTheLeaderIsAway) {
  const auto group =
      ProcessGroup::join({1, 2, 1, "127.0.0.1", free_port()}, std::chrono::seconds(1));
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().code, ErrorCode::unavailable);
  EXPECT_NE(group.error().message.find("rank 1 of 2 at 127.0.0.1:"), std::string::npos);
}

}  // namespace
}  // namespace liquid::train

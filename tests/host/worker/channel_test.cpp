#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "host/worker/channel.hpp"

namespace sluice::host {

namespace {

struct Pair {
  Pair() { BOOST_REQUIRE(Channel::pair(one, other)); }
  Channel one, other;
  Received got;
};

void put_raw(const Channel& to, std::string_view bytes) {
  BOOST_REQUIRE(::send(to.socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(channel)

BOOST_FIXTURE_TEST_CASE(messages_keep_their_bounds_and_order, Pair) {
  BOOST_TEST(one.send(Message::claim, "first"));
  BOOST_TEST(one.send(Message::publish, ""));
  BOOST_TEST(one.send(Message::emit, "third"));
  BOOST_REQUIRE((other.receive(got) == Channel::Got::message));
  BOOST_TEST(got.body == "first");
  BOOST_REQUIRE((other.receive(got) == Channel::Got::message));
  BOOST_TEST((got.kind == Message::publish));
  BOOST_TEST(got.body.empty());
  BOOST_REQUIRE((other.receive(got) == Channel::Got::message));
  BOOST_TEST(got.body == "third");
}

BOOST_FIXTURE_TEST_CASE(a_message_larger_than_the_socket_comes_whole, Pair) {
  const std::string large(3'000'000, 'x');
  std::thread sender([&] { (void)one.send(Message::emit, large); });
  BOOST_TEST((other.receive(got) == Channel::Got::message));
  sender.join();
  BOOST_TEST((got.body == large));
}

BOOST_FIXTURE_TEST_CASE(a_message_above_the_limit_is_not_sent, Pair) {
  BOOST_TEST(!one.send(Message::emit, std::string(max_message_bytes + 1, 'x')));
}

BOOST_FIXTURE_TEST_CASE(descriptors_come_with_their_message_and_closed_on_exec, Pair) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const UniqueFd reading(ends[0]), writing(ends[1]);
  const int descriptors[] = {writing.get()};
  BOOST_TEST(one.send(Message::emit, "without"));
  BOOST_TEST(one.send(Message::load, "with", descriptors));
  BOOST_REQUIRE((other.receive(got) == Channel::Got::message));
  BOOST_TEST(got.descriptors.empty());
  BOOST_REQUIRE((other.receive(got) == Channel::Got::message));
  BOOST_REQUIRE(got.descriptors.size() == 1u);
  BOOST_TEST((::fcntl(got.descriptors[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
  BOOST_TEST(::write(got.descriptors[0].get(), "x", 1) == 1);
  char byte = 0;
  BOOST_TEST(::read(reading.get(), &byte, 1) == 1);
}

BOOST_FIXTURE_TEST_CASE(the_other_sides_end_is_seen_by_receiver_and_sender, Pair) {
  BOOST_TEST(other.send(Message::emit, "last"));
  other.close();
  BOOST_TEST((one.receive(got) == Channel::Got::message));
  BOOST_TEST((one.receive(got) == Channel::Got::closed));
  BOOST_TEST(!one.send(Message::emit, "too late"));
}

BOOST_FIXTURE_TEST_CASE(silence_is_a_timeout_and_half_a_message_is_the_end, Pair) {
  other.wait_at_most(std::chrono::milliseconds(20));
  BOOST_TEST((other.receive(got) == Channel::Got::timeout));
  put_raw(one, std::string("\x10\x00\x00", 3));
  BOOST_TEST((other.receive(got) == Channel::Got::closed));
}

BOOST_FIXTURE_TEST_CASE(a_length_above_the_limit_ends_the_channel, Pair) {
  const uint32_t head[] = {max_message_bytes + 1, 0};
  put_raw(one, {reinterpret_cast<const char*>(head), sizeof head});
  BOOST_TEST((other.receive(got) == Channel::Got::closed));
}

BOOST_FIXTURE_TEST_CASE(a_message_that_claims_descriptors_that_did_not_come_ends_the_channel, Pair) {
  struct {
    uint32_t bytes = 0;
    uint16_t kind = 1, descriptors = 3;
  } head;
  put_raw(one, {reinterpret_cast<const char*>(&head), sizeof head});
  BOOST_TEST((other.receive(got) == Channel::Got::closed));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::host

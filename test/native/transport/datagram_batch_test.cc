// Rows of datagrams that leave as one message: that nobody can tell it, and what happens where the kernel does not cut.
#include "transport/datagram_batch.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "support/datagram_fixture.h"

using namespace readyloop::test;
using namespace readyloop::transport;
using readyloop::loop::Record;

TEST_CASE("DatagramTransport: a row of one size to one address leaves as one message, and arrives as it was written") {
  DatagramFixture fixture;
  datagram_faults().segments = true;
  fixture.open(kFirst);
  if (!kDatagramCalls.can_segment(fixture.transports->datagrams(kFirst)->fd())) return;
  const Address there = fixture.open(kSecond);
  const Address also = fixture.open(SinkName{3, 0x36});
  // A shorter one ends a row; a longer one, an empty one and another address begin anew.
  const std::vector<std::string> texts = {"aaaa", "bbbb", "cc", "dddd", "eeeeee", "", "f", "g"};
  std::string frames;
  for (const std::string& text : texts) frames += DatagramFixture::frame(text, there);
  frames += DatagramFixture::frame("h", also) + DatagramFixture::frame("i", there);
  fixture.write(kFirst, frames);
  fixture.transports->flush();
  CHECK(datagram_faults().sends == 1);
  std::vector<std::string> received;
  std::vector<std::string> elsewhere;
  for (const Record& record : fixture.turn()) {
    for (const ReceivedFrame& frame : fixture.frames(record)) (record.slot == 3 ? elsewhere : received).push_back(frame.text);
  }
  std::vector<std::string> expected = texts;
  expected.push_back("i");
  CHECK(received == expected);
  CHECK(elsewhere == std::vector<std::string>{"h"});
}

TEST_CASE("DatagramTransport: a row that the kernel does not cut goes datagram by datagram, and so do all later ones") {
  for (const int error : {EIO, EINVAL, EMSGSIZE}) {
    DatagramFixture fixture;
    datagram_faults().segments = true;
    fixture.open(kFirst);
    const Address there = fixture.open(kSecond);
    if (!kDatagramCalls.can_segment(fixture.transports->datagrams(kFirst)->fd())) return;
    datagram_faults().send = {{error}};
    const std::string row = DatagramFixture::frame("one", there) + DatagramFixture::frame("two", there);
    fixture.write(kFirst, row);
    fixture.transports->flush();
    CHECK(datagram_faults().sends == 2);
    fixture.write(kFirst, row);
    fixture.transports->flush();
    // Were it a row again, one fault would meet both.
    std::vector<std::string> texts;
    for (const ReceivedFrame& frame : fixture.receive()) texts.push_back(frame.text);
    CHECK(texts == std::vector<std::string>{"one", "two", "one", "two"});
  }
}

TEST_CASE("DatagramTransport: what a row is refused for is said of its first datagram, and the others are tried") {
  DatagramFixture fixture;
  datagram_faults().segments = true;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  if (!kDatagramCalls.can_segment(fixture.transports->datagrams(kFirst)->fd())) return;
  datagram_faults().send = {{ECONNREFUSED}, {EAGAIN}};
  fixture.write(kFirst, DatagramFixture::frame("one", there) + DatagramFixture::frame("two", there) +
                            DatagramFixture::frame("six", there));
  fixture.write_to(kFirst, "long", there);
  fixture.transports->flush();
  CHECK(fixture.transports->datagrams(kFirst)->queued() > 0);
  std::vector<std::string> texts;
  for (int i = 0; i < 3; ++i) {
    for (const ReceivedFrame& frame : fixture.receive()) {
      texts.push_back(frame.flags == kFrameFailed ? "refused " + std::to_string(frame.number) : frame.text);
    }
  }
  CHECK(texts == std::vector<std::string>{"refused " + std::to_string(ECONNREFUSED), "two", "six", "long"});
}

TEST_CASE("DatagramTransport: a row without room waits whole and in order") {
  DatagramFixture fixture;
  datagram_faults().segments = true;
  fixture.open(kFirst);
  const Address there = fixture.open(kSecond);
  datagram_faults().send = {{EINTR}, {EAGAIN}};
  fixture.write(kFirst, DatagramFixture::frame("one", there) + DatagramFixture::frame("two", there));
  fixture.transports->flush();
  std::vector<std::string> texts;
  for (int i = 0; i < 3; ++i) {
    for (const ReceivedFrame& frame : fixture.receive()) texts.push_back(frame.text);
  }
  CHECK(texts == std::vector<std::string>{"one", "two"});
}

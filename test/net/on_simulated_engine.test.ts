// The tests of sockets once more, line by line, on the simulated engine. What a file leaves to the native one, it says with
// `onlyNative`.
import { underTest } from './engines';

const files = [
  'byte_stream_read', 'byte_stream_search', 'byte_stream_write', 'server', 'server_ending', 'protocol',
  'protocol_flow', 'connect', 'datagram', 'datagram_options', 'datagram_unix', 'pipe', 'resolver', 'tls', 'duplex',
  'from_duplex', 'duplex_socket', 'node_http',
];

describe.each(files)('on the simulated engine: %s', (file) => {
  underTest.isSimulated = true;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import cannot stand inside describe()
  require(`./${file}.test`);
});

/** A case of accepts.json in which we differ from the reference on purpose. The table in server/HALIBUT.md shows the same. */
export interface AcceptanceException {
  readonly id: string
  readonly difference: string
  readonly reason: string
}

const noResumption = {
  difference: 'no TLS session is resumed',
  reason: 'on a resumed session Node does not tell the certificate of the peer, and trust is all about that',
}
const anyAssembly = {
  difference: 'the message is accepted',
  reason: 'of the types of .NET itself the assembly does not matter to us: its versions moved them about',
}
const anyVersion = {
  difference: 'the message is accepted',
  reason: 'the version of an assembly does not matter to us: peers of other versions name others',
}

const failsAtOnce = {
  difference: 'the call fails at once',
  reason: 'the reference lets its caller wait without end, though nothing more will come',
}

export const acceptanceExceptions: readonly AcceptanceException[] = [
  { id: 'tls-dialler-TLSv1.3', ...noResumption },
  { id: 'tls-dialler-TLSv1.2', ...noResumption },
  { id: 'psvc-tls', ...noResumption },
  { id: 'type-list-system-runtime', ...anyAssembly },
  { id: 'type-list-system-core', ...anyAssembly },
  { id: 'type-hashset-mscorlib', ...anyAssembly },
  { id: 'type-person-full-wrong-version', ...anyVersion },
  { id: 'root-versioned', ...anyVersion },
  {
    id: 'preamble-long',
    difference: 'the rest of it, taken as an identity, is refused for its length, not for its first word',
    reason: 'a line may have `maxLineBytes`, so that a peer cannot fill our memory',
  },
  {
    id: 'stream-same-id-twice',
    difference: 'the error says that a stream has no section, not `Object reference not set to an instance of an object.`',
    reason: 'the text of the reference is an accident and helps nobody',
  },
  {
    id: 'result-stream-trailer',
    difference: 'the call returns, and reading the stream fails',
    reason: 'content goes to its reader as it arrives; the reference stores it first',
  },
  { id: 'poll-other-id', ...failsAtOnce },
  { id: 'poll-id-case', ...failsAtOnce },
  { id: 'poll-null-response', ...failsAtOnce },
  {
    id: 'poll-wrong-thumbprint',
    difference: 'the request is not given to an agent with another certificate than that of the endpoint',
    reason: 'who is trusted with one subscription could otherwise take the requests of another',
  },
  {
    id: 'psvc-end',
    difference: 'the log says `Expected PROCEED, got: END`, not `Broken pipe`',
    reason: 'the error of the reference is that of its own END, written when the peer was gone',
  },
]

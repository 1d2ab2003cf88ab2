/**
 * The interface between the socket layer and everything above it: bytes in order, both ways, with back-pressure and deadlines.
 * One reader and one writer at a time. A failed or timed-out operation destroys the channel, and every later operation fails with that
 * same error (a peer that stopped in the middle of a message cannot be brought back into step).
 */
export interface ByteChannel {
  readonly peer: Peer
  /** Milliseconds a single read or write may wait; mutable, read at the start of each wait. 0 or less: no limit. */
  receiveTimeoutMs: number
  sendTimeoutMs: number
  /** Bytes read from and written to the peer so far. */
  readonly bytesRead: number
  readonly bytesWritten: number

  /**
   * The next bytes, at least one: those put back, else those buffered, else what arrives next. `undefined` at the end of input.
   * Returns without a promise when it need not wait. The bytes belong to the caller.
   */
  read(): Buffer | undefined | Promise<Buffer | undefined>
  /** Puts bytes back in front of what is unread. The channel owns them from then on. */
  unread(bytes: Buffer): void
  /**
   * Hands exactly `length` bytes to `sink` as they arrive, with no promise a chunk. Resolves when all were taken; rejects with
   * `EndOfInput` when the input ends first, or with what the sink threw. `sink` gets a view that is valid only during the call; it
   * returns `undefined` to go on, or a promise to be waited for before the next chunk (that wait has no deadline here).
   */
  readInto(length: number, sink: (chunk: Buffer) => Promise<void> | undefined): Promise<void>
  /**
   * Writes bytes in order, as one TLS record where they fit. `undefined`: taken, go on. A promise: wait for it before writing more.
   * The bytes must not be changed by the caller afterwards.
   */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** Orderly: everything written is flushed, then TLS and TCP are ended. Never throws; bounded by `graceMs` (default 1,000). */
  close(graceMs?: number): Promise<void>
  /** Abortive: RST. What waits on the channel rejects with `why`. Idempotent. */
  destroy(why?: Error): void
  /** Set once the channel can no longer be used; an error, or `'closed'` after an orderly end. */
  readonly failure: Error | 'closed' | undefined
  /** Resolves (never rejects) when the socket underneath is gone. */
  readonly closed: Promise<void>
  /**
   * Whom the certificate of a caller names; `undefined` where it presented none, the socket is gone, or we dialled (Node forgets a dialled
   * socket’s certificate once it was asked for). Made anew each time: it is wanted only where somebody is turned away.
   */
  certificateNames(): CertificateNames | undefined
  /** The cipher suite that TLS settled on, by its IANA name; `undefined` where the socket is gone. Asked for anew each time: nobody but people wants it. */
  cipher(): string | undefined
}

/** Whom a certificate names, each on one line of at most 200 characters, the most specific part first. Anybody can write anything there. */
export interface CertificateNames {
  readonly subject: string
  readonly issuer: string
}

/** Who is at the other end, as TLS saw it. */
export interface Peer {
  /** `host:port` as .NET prints a remote end point, IPv6 in brackets. */
  readonly remoteAddress: string
  /** Which side of the TLS connection we are. */
  readonly role: 'dialler' | 'acceptor'
  /** SHA-1 of the certificate’s DER, 40 upper-case hex digits; `undefined` when the peer presented none. */
  readonly thumbprint: string | undefined
  /** SHA-256 of the same, 64 upper-case hex digits. */
  readonly thumbprint256: string | undefined
  /** Until when that certificate is valid, in UTC milliseconds since 1970. */
  readonly expiresMs?: number | undefined
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string
}

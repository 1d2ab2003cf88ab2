import type { DeniedEvent } from '../../server/src/runtime/events.ts'

/** A knock of somebody without trust; the certificate is told by one letter. */
export function knockOf(letter: string, change: Partial<DeniedEvent> = {}): DeniedEvent {
  const name = `CN=${letter}`
  return {
    why: 'not_trusted',
    remoteAddress: '10.0.0.1:4000',
    thumbprint: letter.repeat(40),
    thumbprint256: letter.repeat(64),
    subject: name,
    issuer: name,
    protocol: 'TLSv1.3',
    role: 'subscriber',
    subscription: 'poll://new/',
    ...change,
  }
}

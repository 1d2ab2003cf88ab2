import { expect } from 'vitest'
import type { HalibutError } from '../../server/src/base/errors.ts'
import { type RecordedCall, type RecordedException, withoutIds } from './transcripts.ts'

/** A failure as we tell it: with the same .NET type and the same text, but for what must differ. */
export function expectFailure(error: HalibutError, { call, outcome }: RecordedCall): void {
  const { type, message } = told(call, outcome.exception as RecordedException)
  expect({ type: error.dotnetType, message: comparableText(error.dotnetMessage) }).toEqual({ type, message: comparableText(message) })
}

/** What our words are made of where they are not the recorded ones. */
function told(call: string, exception: RecordedException): { readonly type: string | undefined; readonly message: string } {
  const ours = unwritable[call]
  // Nothing of a message leaves that cannot be written, so that nothing began; and the place in the arguments is told.
  if (ours !== undefined) return { type: undefined, message: ours }
  // A call with a data stream in its result succeeds before the content is there. Who reads the content gets the error of the content.
  if (/\.(?:Short|Throwing)Stream\(/.test(call)) {
    return {
      type: 'Halibut.Transport.Protocol.ProtocolException',
      message: (exception.inner?.message ?? exception.message).split('\n', 1)[0] ?? '',
    }
  }
  return exception
}

const unwritable: Readonly<Record<string, string>> = {
  'parameter uint 2147483648: the service executes (here: fails to match) a call with the parameter missing':
    '/params/0: 2147483648 is too large to fit in a signed 32 bit integer. BSON does not support unsigned values.',
  'parameter dictionary whose key contains NUL': '/params/0/a\u0000b: the name "a\\u0000b" contains NUL, which BSON cannot hold',
}

/** Without ids, ports, times, the stack of the caller’s own side, and the version of .NET’s own assembly. */
function comparableText(text: string): string {
  const [message = '', details] = text.split('\n\nServer exception: \n', 2)
  const ownSide =
    details?.includes('Halibut.Transport.Protocol.MessageExchangeStream') || details?.includes('System.IO.IOException: Producer failed')
  const plain = ownSide ? `${message}\n\nServer exception: \n${details?.split('\n   at ', 1)[0]}` : text
  return withoutIds(plain).replace(/, Version=[\d.]+, Culture=neutral, PublicKeyToken=[0-9a-f]+/g, '')
}

import { dataStream, dateTime, int64, method, nothing, object, service, string } from '@halibut-gateway/schemas/contract'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'

/** The service of the flows in PROTOCOL.md. */
export const flowService = service('IFlowService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Wait: method([], string),
  Fail: method([['message', string]], nothing),
  Say: method([['text', string]], dataStream),
  Zeros: method([['length', int64]], dataStream),
  Length: method([['content', dataStream]], int64),
  Repeat: method(
    [
      ['text', string],
      ['times', int64],
    ],
    string,
  ),
})

/** A service whose contract no gateway has. */
const unknownService = service('IUnknownService', {
  Repeat: method(
    [
      ['number', int64],
      ['when', dateTime],
      ['text', string],
    ],
    object('Flow.Repeated, Flow', { Number: int64, When: dateTime, Text: string }),
  ),
})

/** A call of `Wait` that has begun. */
export interface WaitingCall {
  /** Lets it answer. */
  finish(): void
  /** Fires when its connection ends. */
  readonly signal: AbortSignal
}

/** Hosts both services; `onWait` hears of each call of `Wait`, `onAdd` of each of `Add`. */
export function hostFlowService(
  agent: HalibutRuntime,
  onWait: (call: WaitingCall) => void,
  onAdd: (a: number) => void = () => undefined,
): void {
  agent.addService(flowService, {
    Add: (a, b) => {
      onAdd(Number(a))
      return a + b
    },
    Wait: context =>
      new Promise<string>((resolve, reject) => {
        context.signal.addEventListener('abort', () => reject(new Error('the connection ended')))
        onWait({ finish: () => resolve('done'), signal: context.signal })
      }),
    Fail: message => {
      throw new Error(message)
    },
    Say: text => DataStream.fromString(text),
    Zeros: length => DataStream.fromIterable(Number(length), () => zeros(Number(length))),
    Repeat: (text, times) => text.repeat(Number(times)),
    Length: async content => {
      let length = 0n
      await content.pump(chunk => {
        length += BigInt(chunk.byteLength)
        return undefined
      })
      return length
    },
  })
  agent.addService(unknownService, { Repeat: (number, when, text) => ({ Number: number, When: when, Text: text }) })
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= 65_536) yield new Uint8Array(Math.min(left, 65_536))
}

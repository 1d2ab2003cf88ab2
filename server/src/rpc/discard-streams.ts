import { Turns } from '../base/turns.ts'
import { DataStream } from '../runtime/data-streams.ts'

/**
 * Gives up every data stream anywhere in a result that nobody will get, so that its agent is free. Of a small result before it returns; a large
 * one is looked through in slices between which others have their turn.
 */
export async function discardStreams(result: unknown): Promise<void> {
  const turns = new Turns()
  const open: Iterator<unknown>[] = [[result].values()]
  for (let items = open.at(-1); items; items = open.at(-1)) {
    const { done, value } = items.next()
    if (done) open.pop()
    else if (value instanceof DataStream) value.discard()
    else if (isCollection(value)) open.push(itemsOf(value))
    const turn = turns.take()
    if (turn) await turn
  }
}

function isCollection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !(value instanceof Date)
}

/** Of a map the pairs, whose items are looked at in their turn. */
function itemsOf(value: object): Iterator<unknown> {
  return value instanceof Map || value instanceof Set ? value[Symbol.iterator]() : Object.values(value).values()
}

import { createClient } from '@halibut-gateway/client'
import { bool, dataStream, int64, member, method, nothing, nullable, object, service, string } from '@halibut-gateway/schemas/contract'
import { DataStream, type HalibutRuntime } from '@halibut-gateway/server'

declare global {
  interface HalibutParameterLabels<T> {
    widgetId: [widgetId: T]
  }
}

const frob = object('Hover.Frob, Hover', { Name: string })
const contract = service('IFileService', {
  /**
   * Stores a file.
   * @param name its name, without a path
   */
  Put: method(
    [
      ['name', string],
      ['content', dataStream],
      ['widgetId', member(string, { default: 'none' })],
    ],
    nothing,
  ),
  Add: method(
    [
      ['a', member(int64, { description: 'the first' })],
      ['addend', member(int64, { description: 'the second' })],
    ],
    int64,
    { description: 'Adds two numbers.' },
  ),
  Rare: method([
    ['quux', string],
    ['frob', nullable(frob)],
    ['sure', bool],
  ]),
})

/** How a client is written to: only looked at, as an editor shows it. */
export async function useClients(runtime: HalibutRuntime): Promise<void> {
  const files = runtime.createClient(contract, 'https://localhost/')
  await files.Put('x', DataStream.from('x'))
  await files.Add(1n, 2)
  await files.Rare('x', null, true)
  const name: string = 'x'
  await files.Rare(name, { Name: name }, name === 'x')
  // @ts-expect-error a member that is not there
  await files.Rare('x', { Name: 'x', Other: 'x' }, true)
  // A function of a client is called as it likes.
  const { Add } = files
  await Add(1n, 2n)
  // What stands in for a client is written with plain types.
  const standIn: typeof files = { ...files, Add: async (a, b) => BigInt(a) + BigInt(b), Rare: async quux => void quux.trim() }
  await standIn.Add(1n, 2n)

  const remote = createClient({ url: 'http://localhost' }).agent('x').service(contract)
  await remote.Put('x', new Blob(['x']), undefined, { timeoutMs: 5 })
}

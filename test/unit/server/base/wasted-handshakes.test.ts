import { expect, test } from 'vitest'
import { WastedHandshakes } from '../../../../server/src/base/wasted-handshakes.ts'

test('of so many networks it is known, the ones that changed last', () => {
  const handshakes = new WastedHandshakes(2)
  const waste = (network: string): void => {
    for (let i = 0; i < 16; i++) handshakes.wasted(network)
  }
  for (const network of ['a', 'b', 'a', 'c']) waste(network)
  expect(['a', 'b', 'c'].map(network => handshakes.prevail(network))).toEqual([true, false, true])
})

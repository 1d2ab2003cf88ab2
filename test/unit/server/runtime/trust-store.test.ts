import { expect, test } from 'vitest'
import { TrustStore } from '../../../../server/src/runtime/trust-store.ts'

const [a, b, c] = ['A', 'B', 'C'].map(digit => digit.repeat(40)) as [string, string, string]

function storeOf(...initial: string[]) {
  const revoked: string[] = []
  const store: TrustStore = new TrustStore(initial, thumbprint => {
    expect(store.has(thumbprint)).toBe(false)
    revoked.push(thumbprint)
  })
  return { store, revoked }
}

test('T14 a thumbprint trusted in lower case is trusted in any', () => {
  const { store } = storeOf(a.toLowerCase())
  store.add(b.toLowerCase())
  expect([a, a.toLowerCase(), b, c].map(each => store.has(each))).toEqual([true, true, true, false])
  expect(store.list()).toEqual([a, b])
})

test('T15 whoever loses trust is named after it is lost, whoever keeps it is not', () => {
  const { store, revoked } = storeOf(a, b)
  store.only([b.toLowerCase(), c])
  expect(store.list()).toEqual([b, c])
  expect(revoked).toEqual([a])
  store.only([])
  expect(store.list()).toEqual([])
  expect(revoked).toEqual([a, b, c])
})

test('taking trust away names the thumbprint in upper case, trusted before or not', () => {
  const { store, revoked } = storeOf(a)
  store.remove(a.toLowerCase())
  store.remove(b)
  expect(revoked).toEqual([a, b])
  expect(store.list()).toEqual([])
})

import { emptyCollection, type SavedCall } from '@halibut-gateway/schemas/collection'
import { expect, test } from 'vitest'
import { type BrowserStorage, createSavedCalls } from '../../../../server/inspector/src/state/saved-calls.ts'

/** What a browser keeps; `full`: it has no room. */
function createBrowser() {
  const kept = new Map<string, string>()
  const listeners: ((key: string | null) => void)[] = []
  const browser = { full: false }
  const storage: BrowserStorage = {
    get length() {
      return kept.size
    },
    key: index => [...kept.keys()][index] ?? null,
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => {
      if (browser.full) throw new DOMException('no room', 'QuotaExceededError')
      kept.set(key, value)
    },
    removeItem: key => void kept.delete(key),
  }
  return {
    kept,
    browser,
    /** A page of this browser. */
    open: (place = '/') => createSavedCalls(storage, place, listener => void listeners.push(listener)),
    /** Another tab has changed something. */
    tell: (key: string) => {
      for (const listener of listeners) listener(key)
    },
  }
}

const call = (name: string): SavedCall => ({ name, agent: 'web-1', service: 'S', method: 'M', args: [] })
const idOf = (kept: { readonly id: string } | { readonly problem: string }): string => ('id' in kept ? kept.id : `problem: ${kept.problem}`)
const namesOf = (saved: ReturnType<typeof createSavedCalls>, id: string) => saved.get(id)?.calls.map(({ name }) => name)

test('what is saved is there when the page comes back, for this gateway and no other', () => {
  const { open } = createBrowser()
  const saved = open()
  const id = idOf(saved.create('Some'))
  expect(idOf(saved.save(id, { call: call('Greets'), variables: { pin: { secret: true } } }))).toBe('Greets')
  expect(idOf(saved.save(id, { call: call('Greets'), variables: {} }))).toBe('Greets 2')
  expect(open().list.value).toEqual(saved.list.value)
  expect(namesOf(open(), id)).toEqual(['Greets', 'Greets 2'])
  expect(open('/other/').list.value).toEqual([])
})

test('a collection that is taken in twice gets another name, and each is kept by itself', () => {
  const saved = createBrowser().open()
  for (let i = 0; i < 3; i++) saved.add(emptyCollection('Some'))
  expect(saved.list.value.map(({ collection }) => collection.name)).toEqual(['Some', 'Some 2', 'Some 3'])
})

test('what is not acceptable is refused with why, and nothing is changed', () => {
  const { open, browser, kept } = createBrowser()
  const saved = open()
  const id = idOf(saved.create('Some'))
  const before = [...kept]
  expect(saved.change(id, some => ({ ...some, calls: [call('a'), call('a')] }))).toBe('/calls/1/name: there is another call "a"')
  expect(saved.change(id, some => ({ ...some, name: '' }))).toMatch(/^\/name: expected a string/)
  browser.full = true
  expect(saved.change(id, some => ({ ...some, calls: [call('a')] }))).toMatch(/has no room for it/)
  expect([...kept]).toEqual(before)
  expect(namesOf(saved, id)).toEqual([])
  expect(saved.change('nothing', some => some)).toMatch(/deleted meanwhile/)
})

test('there is room for so many and so much, and no more', () => {
  const saved = createBrowser().open()
  const big = { ...call('big'), args: ['x'.repeat(1_000_000)] }
  const problems = Array.from({ length: 3 }, (_, i) => saved.add({ ...emptyCollection(`Big ${i}`), calls: [big] })).map(idOf)
  expect(problems[2]).toMatch(/no more room for saved calls/)
  for (let i = 0; i < 98; i++) saved.create('Some')
  expect(idOf(saved.create('One more'))).toMatch(/There are 100 collections/)
})

test('what was damaged is told, set aside and left alone, and the rest is there', () => {
  const { open, kept } = createBrowser()
  const id = idOf(open().create('Some'))
  kept.set('halibut-gateway.saved / broken', '{"format": "halibut-gateway-collection", "version": 1')
  kept.set('halibut-gateway.saved / newer', JSON.stringify({ ...emptyCollection('New'), version: 2 }))
  const saved = open()
  expect(saved.list.value.map(each => each.id)).toEqual([id])
  expect(saved.setAside.value.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^line 1, column \d+: it is no JSON/),
    expect.stringMatching(/^\/version: it is of version 2/),
  ])
  saved.forget('halibut-gateway.saved / broken')
  expect(saved.setAside.value).toHaveLength(1)
  expect(kept.has('halibut-gateway.saved / broken')).toBe(false)
  expect(kept.has('halibut-gateway.saved / newer')).toBe(true)
})

test('what was deleted is put back where it was', () => {
  const saved = createBrowser().open()
  const id = idOf(saved.create('Some'))
  saved.change(id, some => ({ ...some, calls: ['a', 'b', 'c'].map(call) }))
  saved.remove(id, 'b')
  expect(namesOf(saved, id)).toEqual(['a', 'c'])
  expect(saved.undo.value?.what).toBe('b')
  // Meanwhile its name was taken.
  saved.save(id, { call: call('b'), variables: {} })
  saved.putBack()
  expect(namesOf(saved, id)).toEqual(['a', 'b 2', 'c', 'b'])
  saved.remove(id)
  expect([saved.list.value, saved.undo.value?.what]).toEqual([[], 'Some'])
  saved.putBack()
  expect(namesOf(saved, id)).toEqual(['a', 'b 2', 'c', 'b'])
  expect(saved.undo.value).toBeUndefined()
})

test('what another tab changes is seen', () => {
  const { open, tell } = createBrowser()
  const [one, other] = [open(), open()]
  const id = idOf(one.create('Some'))
  expect(other.get(id)).toBeUndefined()
  tell(`halibut-gateway.saved / ${id}`)
  expect(other.get(id)?.name).toBe('Some')
})

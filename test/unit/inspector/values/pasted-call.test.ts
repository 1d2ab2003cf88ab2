import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linkOfCall } from '../../../../server/inspector/src/address/call-link.ts'
import { wholeList } from '../../../../server/inspector/src/address/route.ts'
import type { CallDraft } from '../../../../server/inspector/src/values/call-draft.ts'
import { isSame } from '../../../../server/inspector/src/values/json-text.ts'
import { readPastedCall } from '../../../../server/inspector/src/values/pasted-call.ts'
import { snippetKinds, snippetOf } from '../../../../server/inspector/src/values/snippets.ts'

const url = 'https://gateway.example/fleet/'
const name = fc.string({ unit: fc.constantFrom(...'abz-_09'), minLength: 1, maxLength: 12 }).map(each => `n${each}`)
const json = fc.jsonValue({ maxDepth: 4 }).filter(value => !/\d{16}|\$|:-0[,}\]]|^-0$/.test(JSON.stringify(value)))
const nasty = fc.constantFrom(
  "it's",
  '"',
  '\\',
  '$(rm -rf /)',
  '`x`',
  '-- -1',
  '@file',
  '@@',
  '#',
  '\n',
  ' ',
  '',
  '✓ 😀',
  '$' + '{x}',
  "'\\''",
  '-1',
)
const draft: fc.Arbitrary<CallDraft> = fc.record(
  {
    agent: name,
    service: name,
    method: name.map(each => `${each}(string,dictionary<int32,string?>)`),
    args: fc.array(fc.oneof(json, nasty), { maxLength: 4 }),
    timeoutMs: fc.integer({ min: 1, max: 86_400_000 }),
    queueTimeoutMs: fc.integer({ min: 1, max: 86_400_000 }),
  },
  { requiredKeys: ['agent', 'service', 'method', 'args'] },
)

test('whatever is copied of a call is the same call when it is pasted', () => {
  fc.assert(
    fc.property(draft, fc.constantFrom(...snippetKinds), (call, kind) => {
      const snippet = snippetOf(kind, call, url)
      if (!('text' in snippet)) throw new Error(snippet.problem)
      const read = readPastedCall(snippet.text)
      if (!read || !('call' in read)) throw new Error(`${snippet.text}\n${read?.problem}`)
      expect(read.from).toBe(kind)
      expect({ ...read.call, args: [] }).toEqual({ ...call, args: [] })
      expect(isSame(read.call.args, JSON.parse(JSON.stringify(call.args)))).toBe(true)
    }),
  )
})

test('a link to a call and the JSON of one are taken too', () => {
  fc.assert(
    fc.property(draft, ({ queueTimeoutMs: _, ...call }) => {
      const link = linkOfCall(call, wholeList)
      if (link === undefined) return
      const read = readPastedCall(url + link)
      expect(read).toMatchObject({ from: 'link', call: { ...call, args: JSON.parse(JSON.stringify(call.args)) } })
      expect(readPastedCall(JSON.stringify(call))).toMatchObject({ from: 'JSON' })
    }),
  )
})

test('data streams go along as names of files, as text or as bytes, where the way of calling takes them', () => {
  const call = { agent: 'a', service: 'S', method: 'Up(string,dataStream)', args: ['n', { $file: 'my notes.txt' }] }
  for (const kind of ['SDK', 'CLI'] as const) {
    const snippet = snippetOf(kind, call, url)
    expect('text' in snippet && readPastedCall(snippet.text)).toMatchObject({ call })
  }
  expect(snippetOf('curl', call, url)).toMatchObject({ problem: expect.stringContaining('HTTP') })
  const typed = { ...call, args: [{ x: [{ $text: 'a "b"' }, { $base64: 'AQI=' }] }] }
  const sdk = snippetOf('SDK', typed, url)
  expect('text' in sdk && readPastedCall(sdk.text)).toMatchObject({ call: typed })
  expect(snippetOf('CLI', typed, url)).toMatchObject({ problem: expect.stringContaining('SDK') })
})

test('a member that JavaScript takes for a prototype is a member in a program too', () => {
  const call = { agent: 'a', service: 'S', method: 'M', args: [JSON.parse('{"__proto__":{"x":1}}') as unknown] }
  const sdk = snippetOf('SDK', call, url)
  expect(sdk).toMatchObject({ text: expect.stringContaining('[{ ["__proto__"]: { "x": 1 } }]') })
  const read = 'text' in sdk ? readPastedCall(sdk.text) : undefined
  expect(JSON.stringify(read && 'call' in read && read.call.args)).toBe(JSON.stringify(call.args))
})

test('no snippet holds a token, and each says where it is', () => {
  for (const kind of snippetKinds) {
    const snippet = snippetOf(kind, { agent: 'a', service: 'S', method: 'M()', args: [] }, url)
    expect('text' in snippet && snippet.text).toContain('HALIBUT_GATEWAY_TOKEN')
  }
})

test.each([
  [`curl -X POST 'http://h/api/v1/agents/a/calls' -d '{"service":"S","method":"M","args":[1]}'`, { agent: 'a', args: [1] }],
  [`# a note\n$ halibut-gateway call a S M 1 text '"1"' --json --timeout-ms=5`, { method: 'M', args: [1, 'text', '1'], timeoutMs: 5 }],
  ['npx halibut-gateway call a S M @@x @y', { args: ['@x', { $file: 'y' }] }],
  [
    `const r = await client\n  .agent('a').invoke("S", \`M\`, [1n, -2.5, null, { a: true, 'b': [] },])`,
    { args: ['1', -2.5, null, { a: true, b: [] }] },
  ],
])('%s is understood', (text, call) => {
  expect(readPastedCall(text)).toMatchObject({ call })
})

test.each([
  [`curl http://h/api/v1/agents/a/calls -d '{"service":"S","method":"M","args":[1`, 'quote does not end'],
  [`curl http://h/other -d '{}'`, 'its address'],
  [`curl http://h/api/v1/agents/a/calls -d '{"service":"S","args":[]}'`, 'method is no name'],
  [`curl http://h/api/v1/agents/a/calls -d '[1,]'`, 'no JSON; at character 4'],
  [`curl http://h/api/v1/agents/a/calls -d '{}' ; rm -rf /`, 'more than one command'],
  ['halibut-gateway call a S M --frobnicate', '--frobnicate'],
  ['halibut-gateway call a S', 'method is no name'],
  ['client.agent(id).invoke("S", "M", [])', 'no literals'],
  ['client.agent("a").invoke("S", "M", [fetch("x")])', 'no literals'],
  ['{"agent":"a","service":"S","method":"M","args":[],"timeoutMs":-1}', 'timeoutMs'],
])('%s is told what is wrong with it: %s', (text, why) => {
  expect(readPastedCall(text)).toMatchObject({ problem: expect.stringContaining(why) })
})

test('other texts are no calls, and hostile ones do nothing and end soon', () => {
  for (const text of ['', 'hello', '{"a": 1}', '[1, 2]', 'curly hair', 'https://example.org/#/agent', '{'.repeat(100_000)]) {
    expect(readPastedCall(text)).toBeUndefined()
  }
  fc.assert(
    fc.property(
      fc.string({ maxLength: 300 }),
      fc.constantFrom('curl ', 'halibut-gateway call ', '{', 'x.agent('),
      (text, before) => void readPastedCall(before + text),
    ),
  )
  const long = [
    `curl ${"'".repeat(500_001)}`,
    `curl ${'/api/v1/agents/'.repeat(50_000)}`,
    `https://x/${'#/agent/'.repeat(100_000)} `,
    `c.agent(${'['.repeat(100_000)}.invoke(`,
    `c.agent("${'\\'.repeat(500_000)}.invoke(`,
    `halibut-gateway call ${'"\\'.repeat(200_000)}`,
  ]
  const started = performance.now()
  for (const text of long) readPastedCall(text)
  expect(performance.now() - started).toBeLessThan(5_000)
})

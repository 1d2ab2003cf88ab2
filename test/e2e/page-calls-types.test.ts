import { fileURLToPath } from 'node:url'
import * as b from '@halibut-gateway/schemas/contract'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { builderOf, contractRows, contractSamples } from '../support/contract-rows.ts'
import { launchBrowser } from '../support/page-world.ts'
import { createRealGateway, type RealGateway } from '../support/real-gateway.ts'

const pageFolder = fileURLToPath(new URL('../../server/inspector/dist/page/', import.meta.url))

/** A type of a contract, the JSON form of a value of it, and how a person fills that in. */
interface TypeRow {
  readonly member: string
  readonly type: b.Type
  readonly json: unknown
  /** What comes back, where that is not the same. */
  readonly back?: unknown
  readonly fill: (form: Locator, member: string) => Promise<void>
}

const field = (form: Locator, member: string): Locator => form.getByRole('textbox', { name: new RegExp(`^${member} `) }).first()
const typed =
  (text: string): TypeRow['fill'] =>
  (form, member) =>
    field(form, member).fill(text)
const add = (form: Locator, member: string): Promise<void> =>
  form.getByRole('button', { name: `Add an item to ${member}`, exact: true }).click()

/** By builder, where a value is not just typed into a field as its JSON form is written. */
const fills: Readonly<Record<string, TypeRow['fill']>> = {
  bool: (form, member) => form.getByRole('checkbox', { name: new RegExp(`^${member} bool`) }).check(),
  bytes: async (form, member) => {
    await form
      .getByRole('group', { name: `${member} is typed as` })
      .getByRole('button', { name: 'hex' })
      .click()
    await field(form, member).fill('01 02 03')
  },
  'nullable(int32)': async (form, member) => {
    const isNull = form.getByRole('checkbox', { name: `${member} is null` })
    await isNull.uncheck()
    await field(form, member).fill('7')
    await isNull.check()
  },
  'grid(int32)': async (form, member) => {
    await add(form, member)
    for (const [i, value] of ['1', '2'].entries()) {
      await add(form, `${member} 0`)
      await form.getByRole('textbox', { name: new RegExp(`^${member} 0 ${i} `) }).fill(value)
    }
  },
  'dictionary(string, int32)': fillNamed,
  "collection('IDictionary', string, int32)": fillNamed,
  'dictionary(int32, string)': async (form, member) => {
    await add(form, member)
    await field(form, `${member} 0 1`).fill('1')
    await field(form, `${member} 0 2`).fill('a')
  },
  'tuple(string, int32)': fillPair,
  'valueTuple(string, int32)': fillPair,
  'pair(string, int32)': fillPair,
}

async function fillNamed(form: Locator, member: string): Promise<void> {
  await form.getByRole('textbox', { name: `New key of ${member}` }).fill('a')
  await form.getByRole('button', { name: `Add the key to ${member}` }).click()
  await field(form, `${member} a`).fill('1')
}

async function fillPair(form: Locator, member: string): Promise<void> {
  await field(form, `${member} 1`).fill('a')
  await field(form, `${member} 2`).fill('1')
}

async function fillList(form: Locator, member: string): Promise<void> {
  await add(form, member)
  await field(form, `${member} 0`).fill('a')
}

const pick =
  (what: string, name: string): TypeRow['fill'] =>
  async (form, member) => {
    await form.getByRole('combobox', { name: `type of ${member}` }).selectOption(what)
    if (name !== '') await form.getByRole('textbox', { name: new RegExp(`^${name} `) }).fill('5')
  }

const color = b.enumeration('Sample.Color, Sample', { Red: 0, Green: 1 })
const access = b.flags('Sample.Access, Sample', { None: 0, Read: 1, Write: 2 })
const circle = b.object('Sample.Circle, Sample', { Radius: b.int32 })
const dog = b.object('Sample.Dog, Sample', { Bones: b.int32 })
const cat = b.object('Sample.Cat, Sample', { Lives: b.int32 })
const node = b.object('Sample.Node, Sample', { Depth: b.int32, Next: b.nullable(b.ref('Node')) })

/** The types of a contract’s own, as the second table of `CONTRACTS.md` has them. */
const ownTypes: readonly (Omit<TypeRow, 'member'> & { readonly name: string })[] = [
  {
    name: 'class',
    type: b.object('Sample.Plain, Sample', { Weight: b.int32 }),
    json: { Weight: 5 },
    fill: form => field(form, 'Weight').fill('5'),
  },
  {
    name: 'closed generic class',
    type: b.object('Sample.Box`1, Sample', { Content: b.int32 }, { of: [b.int32] }),
    json: { Content: 5 },
    fill: form => field(form, 'Content').fill('5'),
  },
  {
    name: 'class with derived classes',
    type: b.object('Sample.Shape, Sample', {}, { derived: [circle] }),
    json: { $type: 'Circle', $value: { Radius: 5 } },
    fill: pick('Circle', 'Radius'),
  },
  {
    name: 'abstract class',
    type: b.abstractObject('Sample.Tool, Sample', {}, [b.object('Sample.Saw, Sample', { Teeth: b.int32 })]),
    json: { $type: 'Saw', $value: { Teeth: 5 } },
    fill: form => field(form, 'Teeth').fill('5'),
  },
  {
    name: 'interface',
    type: b.interfaceOf('Sample.IAnimal, Sample', [dog, cat]),
    json: { $type: 'Cat', $value: { Lives: 5 } },
    fill: pick('Cat', 'Lives'),
  },
  {
    name: 'enum',
    type: color,
    json: 'Green',
    fill: async (form, member) => void (await form.getByRole('combobox', { name: new RegExp(`^${member} Color`) }).selectOption('Green')),
  },
  {
    name: 'flags enum',
    type: access,
    json: 'Read, Write',
    fill: async (form, member) => {
      for (const flag of ['Read', 'Write']) await form.getByRole('checkbox', { name: `${member}: ${flag}` }).check()
    },
  },
  {
    name: 'object',
    type: b.anything,
    json: { $numberLong: '5' },
    fill: async (form, member) => {
      await form.getByRole('combobox', { name: `type of ${member}` }).selectOption('int64')
      await field(form, member).fill('5')
    },
  },
  {
    name: 'a type by its name',
    type: node,
    json: { Depth: 5, Next: null },
    fill: form => field(form, 'Depth').fill('5'),
  },
]

const rows: readonly TypeRow[] = [
  ...contractRows
    .map(builderOf)
    .filter(builder => builder !== 'dataStream')
    .map((builder, i): TypeRow => {
      const { type, json, back } = contractSamples[builder] ?? { type: b.bool, json: undefined }
      const fill = fills[builder] ?? (Array.isArray(json) ? fillList : typed(String(json)))
      return { member: `T${i}`, type, json, back, fill }
    }),
  ...ownTypes.map(({ name: _, ...row }, i): TypeRow => ({ member: `Own${i}`, ...row })),
]

const everything = b.object('Sample.Everything, Sample', Object.fromEntries(rows.map(({ member, type }) => [member, type])))
const types = b.service('ITypesService', {
  Echo: b.method([['all', everything]], everything),
  EchoStream: b.method([['content', b.dataStream]], b.dataStream),
})

let browser: Browser
let gateway: RealGateway
beforeAll(async () => {
  browser = await launchBrowser()
  gateway = await createRealGateway({
    contracts: [types],
    host: agent =>
      agent.addService(types, {
        Echo: (all: unknown) => all,
        EchoStream: async (content: DataStream) => DataStream.fromBytes(await content.bytes()),
      } as never),
    gateway: { pageFolder },
  })
}, 60_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await browser.close()
})

const expected = Object.fromEntries(rows.map(({ member, json, back }) => [member, back ?? json]))

/** The answer as JSON, which the page copies. */
async function answered(page: Page, number: number): Promise<unknown> {
  const answer = page.locator(`[data-call="${number}"][data-outcome]:not([data-outcome=running])`)
  await answer.waitFor()
  expect(await answer.getAttribute('data-outcome'), (await answer.textContent()) ?? '').toBe('answered')
  await answer.getByRole('button', { name: 'raw', exact: true }).click()
  return JSON.parse((await answer.getByLabel('Result', { exact: true }).textContent()) ?? '')
}

test('the contract of this test has every type of CONTRACTS.md', () => {
  expect(contractRows.map(builderOf).filter(builder => builder !== 'dataStream' && contractSamples[builder] === undefined)).toEqual([])
  expect(b.checkContract(JSON.parse(JSON.stringify(types)))).toMatchObject({ ok: true })
})

test('every type is filled in by the form and as JSON, sent to an agent, and read back', { timeout: 120_000 }, async () => {
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('console', message => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', error => problems.push(error.message))
  await page.goto(
    `${gateway.origin}/#/agent/web-1?service=ITypesService&method=${encodeURIComponent('Echo(Everything)')}&token=${gateway.token}`,
  )
  const form = page.getByRole('form', { name: 'Arguments' })
  const call = page.getByRole('button', { name: 'Call Echo', exact: true })
  await call.waitFor()
  for (const row of rows) {
    await row.fill(form, row.member)
    expect(await page.locator('.misfits, .text-problems').allTextContents(), row.member).toEqual([])
  }
  await call.click()
  expect(await answered(page, 1)).toEqual(expected)

  // Now the other way: all of it written as one text, and the form follows.
  await form.getByRole('button', { name: 'JSON', exact: true }).click()
  const editor = page.getByRole('textbox', { name: 'Arguments as JSON' })
  await page.locator('.editor .cm-content').waitFor()
  const written = (value: unknown): Promise<void> => writeInto(page, editor, value)
  await written([Object.fromEntries(rows.map(({ member }) => [member, null]))])
  await page.locator('.text-problems').waitFor()
  expect(await call.isDisabled()).toBe(true)
  await written([Object.fromEntries(rows.map(({ member, json }) => [member, json]))])
  await page.locator('.text-problems').waitFor({ state: 'detached' })
  await call.click()
  expect(await answered(page, 2)).toEqual(expected)

  // A data stream is a file that is chosen, or text that stands in the JSON.
  await page.getByRole('button', { name: /^EchoStream/ }).click()
  await form.getByRole('button', { name: 'both', exact: true }).click()
  await form.getByLabel('content dataStream').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('out of a file') })
  await page.getByRole('button', { name: 'Call EchoStream' }).click()
  await page.locator('[data-call="3"]').getByRole('button', { name: 'Show as text' }).click()
  await page.locator('[data-call="3"] .download pre', { hasText: 'out of a file' }).waitFor()
  await written([{ $text: 'out of the JSON' }])
  await page.getByRole('button', { name: 'Call EchoStream' }).click()
  await page.locator('[data-call="4"]').getByRole('button', { name: 'Show as text' }).click()
  await page.locator('[data-call="4"] .download pre', { hasText: 'out of the JSON' }).waitFor()
  await page.locator('[data-call="4"] [data-phase=streams]').waitFor()
  expect(problems).toEqual([])
  await page.close()
})

/** Replaces all of the text. */
async function writeInto(page: Page, editor: Locator, value: unknown): Promise<void> {
  await editor.click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText(JSON.stringify(value, null, 1))
}

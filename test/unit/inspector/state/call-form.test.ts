import { bytes, dataStream, int32, int64, member, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { linkOfCall } from '../../../../server/inspector/src/address/call-link.ts'
import { wholeList } from '../../../../server/inspector/src/address/route.ts'
import { createRouter } from '../../../../server/inspector/src/address/router.ts'
import { createCallForm } from '../../../../server/inspector/src/state/call-form.ts'
import { createManyForm } from '../../../../server/inspector/src/state/many-form.ts'
import { createRawArguments } from '../../../../server/inspector/src/state/raw-arguments.ts'

const login = object('S.Login, S', { User: string, Password: member(string, { secret: true }), Tries: int32 })
const contract = service('ITest', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  SignIn: method([['login', login]], string),
  Put: method(
    [
      ['name', string],
      ['content', dataStream],
    ],
    bytes,
  ),
})
const json = contractJson(contract)

/** The form of a page at an address, with one agent. */
function createForm(hash = '#/agent/web-1?service=ITest&method=Add(int64,int64)') {
  const location = { hash, pathname: '/', search: '' }
  const set = (_data: unknown, _unused: string, address: string): void => {
    location.hash = address.slice(address.indexOf('#'))
  }
  const bar = { location, history: { pushState: set, replaceState: set }, addEventListener: () => undefined }
  const router = createRouter(bar as never, { onToken: () => undefined })
  const agents = { get: (id: string) => (id.startsWith('web') ? { id, services: ['ITest'] } : undefined) }
  const client = signal<object | undefined>({})
  const session = { client } as never
  const contracts = { of: () => json } as never
  const form = createCallForm(router, agents as never, contracts, session)
  const many = createManyForm(router, { ...agents, all: () => new Map(), journal: { version: signal(0) } } as never, contracts, session)
  return { bar, router, form, raw: createRawArguments(form, session), many, client }
}

test('a draft that is taken from the form fills another form in, and nothing is sent by that', () => {
  const { form } = createForm()
  form.edit(['1', '2'])
  form.deadline.text.value = '1.5'
  form.onceKey.value = 'once'
  const draft = form.draft.value
  expect(draft).toEqual({
    agent: 'web-1',
    service: 'ITest',
    method: 'Add(int64,int64)',
    args: ['1', '2'],
    timeoutMs: 1_500,
    idempotencyKey: 'once',
  })
  const other = createForm('#/agent/web-2')
  if (draft) other.form.fill({ ...draft, agent: 'web-2' })
  expect(other.form.draft.value).toEqual({ ...draft, agent: 'web-2' })
  expect(other.form.isReady.value).toBe(true)
})

test('a draft with fewer arguments, or the name of a method alone, gets the rest from the form', () => {
  const { form } = createForm()
  form.fill({ agent: 'web-1', service: 'ITest', method: 'add', args: ['5'] })
  expect(form.draft.value).toMatchObject({ method: 'Add(int64,int64)', args: ['5', '0'] })
})

test('secrets and files are in no draft, and so in no link', () => {
  const { form } = createForm()
  form.choose({ signature: 'SignIn(Login)' }, [{ User: 'ada', Password: 'hunter2', Tries: 1 }])
  expect(form.draft.value?.args).toEqual([{ User: 'ada', Password: '', Tries: 1 }])
  form.choose({ signature: 'Put(string,dataStream)' }, ['n', new File(['secret content'], 'notes.txt')])
  expect(form.draft.value?.args).toEqual(['n', { $file: 'notes.txt' }])
})

test.each([
  ['nobody', undefined],
  ['somebody else', {}],
])('what was typed is not there any more when %s is signed in', (_who, next) => {
  const { form, raw, many, client } = createForm()
  form.choose({ signature: 'SignIn(Login)' }, [{ User: 'ada', Password: 'hunter2', Tries: 1 }])
  form.onceKey.value = 'once'
  raw.edit('[{ "User": "ada", "Password": "hunter2" ')
  many.edit([{ Password: 'hunter2' }])
  const seen = (): string => JSON.stringify([form.args.value, form.onceKey.value, raw.text.value, many.text.value])
  expect(seen().match(/hunter2/g)).toHaveLength(3)
  client.value = next
  expect(seen()).not.toMatch(/hunter2|ada|once/)
})

test('whoever signs in finds what a link has filled in', () => {
  const { form, client } = createForm()
  client.value = undefined
  form.edit(['41', '1'])
  client.value = {}
  expect(form.args.value).toEqual(['41', '1'])
})

test('a link fills the form in, and what is changed is not what the link said any more', () => {
  const call = { agent: 'web-1', service: 'ITest', method: 'Add(int64,int64)', args: ['41', '1'], timeoutMs: 2_000 }
  const { form, bar } = createForm(linkOfCall(call, wholeList))
  expect(form.draft.value).toEqual(call)
  expect(bar.location.hash).toContain('args=')
  form.edit(['42', '1'])
  expect(bar.location.hash).toBe('#/agent/web-1?service=ITest&method=Add%28int64%2Cint64%29')
  expect(form.draft.value?.args).toEqual(['42', '1'])
})

test.each([
  ['no JSON; at character 4', '[1,'],
  ['no JSON list', '{}'],
  ['4,096 characters', `[${'1,'.repeat(3_000)}1]`],
])('a link says what is wrong with its arguments (%s), and fills nothing in', (why, args) => {
  const { form } = createForm(`#/agent/web-1?${new URLSearchParams({ service: 'ITest', method: 'Add(int64,int64)', args })}`)
  expect(form.linkProblem.value).toContain(why)
  expect(form.args.value).toEqual(['0', '0'])
})

test('arguments that do not fit are told with their place, and keep the call from being made', () => {
  const { form } = createForm()
  form.edit(['x', '1'])
  expect([...form.errors.value.keys()]).toEqual(['/0'])
  expect(form.isReady.value).toBe(false)
  form.edit(['1', '1'])
  for (const [signal, bad, good] of [
    [form.deadline.text, 'soon', ''],
    [form.queueDeadline.text, '-1', '5'],
    [form.onceKey, 'x'.repeat(129), 'x'],
  ] as const) {
    signal.value = bad
    expect(form.isReady.value).toBe(false)
    signal.value = good
    expect(form.isReady.value).toBe(true)
  }
})

test('form and JSON follow each other, and what is typed stays as it is typed', () => {
  const { form, raw } = createForm()
  expect(JSON.parse(raw.text.value)).toEqual(['0', '0'])
  raw.edit('[ "1",\n   9007199254740993 ]')
  expect(form.args.value).toEqual(['1', '9007199254740993'])
  expect(raw.text.value).toBe('[ "1",\n   9007199254740993 ]')
  form.edit(['7', '9007199254740993'])
  expect(raw.text.value).toBe('[ "7",\n   9007199254740993 ]')
})

test('while the text is no JSON the form stays, the call waits, and each is kept until somebody decides', () => {
  const { form, raw } = createForm()
  raw.edit('["1", "2"]')
  raw.edit('["1", "2')
  expect(form.args.value).toEqual(['1', '2'])
  expect([form.isReady.value, raw.isBehind.value]).toEqual([false, false])
  expect(raw.problems.value).toMatchObject([{ place: { from: 6 }, message: expect.stringContaining('does not end') }])
  form.edit(['1', '3'])
  expect([raw.text.value, raw.isBehind.value]).toEqual(['["1", "2', true])
  // Another method and back.
  form.choose({ signature: 'SignIn(Login)' })
  expect(form.isReady.value).toBe(true)
  form.choose({ signature: 'Add(int64,int64)' })
  expect(raw.text.value).toBe('["1", "2')
  raw.takeForm()
  expect([JSON.parse(raw.text.value), raw.isBehind.value, form.isReady.value]).toEqual([['1', '3'], false, true])
})

test('what does not fit is marked where it stands in the text', () => {
  const { form, raw } = createForm('#/agent/web-1?service=ITest&method=SignIn(Login)')
  const text = '[{"User": 5, "Password": "", "Tries": 1, "Age": 3}]'
  raw.edit(text)
  expect(raw.problems.value.map(({ place: { from, to }, message }) => [text.slice(from, to), message])).toEqual([
    ['5', 'Expected text, got 5.'],
    ['3', 'Expected no such member, got a number.'],
  ])
  expect(form.isReady.value).toBe(false)
  raw.edit('[{"User": "a", "Password": "", "Tries": 1}, 2]')
  expect(raw.problems.value).toMatchObject([{ message: expect.stringContaining('left out') }])
})

test('a file stands in the text by its name, and stays the file while the name is there', () => {
  const { form, raw } = createForm('#/agent/web-1?service=ITest&method=Put(string,dataStream)')
  const file = new File(['x'], 'notes.txt')
  form.edit(['n', file])
  expect(JSON.parse(raw.text.value)).toEqual(['n', { $file: 'notes.txt' }])
  raw.edit('["m", {"$file": "notes.txt"}]')
  expect(form.args.value).toEqual(['m', file])
  expect(form.isReady.value).toBe(true)
  raw.edit('["m", {"$file": "other.txt"}]')
  expect(form.errors.value.get('/1')?.expected).toContain('a file')
  raw.edit('["m", {"$text": "hello"}]')
  expect(form.isReady.value).toBe(true)
})

test('a link fills the form in also for who has to sign in anew at it', () => {
  const call = { agent: 'web-1', service: 'ITest', method: 'Add(int64,int64)', args: ['41', '1'], timeoutMs: 2_000 }
  const { form, client } = createForm(linkOfCall(call, wholeList))
  client.value = undefined
  client.value = {}
  expect(form.draft.value).toEqual(call)
})

test('the text tells where secrets stand in it, and nothing while it is no JSON', () => {
  const { form, raw } = createForm()
  form.choose({ signature: 'SignIn(Login)' }, [{ User: 'ada', Password: 'hunter2', Tries: 1 }])
  const shown = () => raw.secrets.value?.map(({ from, to }) => raw.text.value.slice(from, to))
  expect(shown()).toEqual(['hunter2'])
  raw.edit('[{"Password": "hunter3", "User": "hunter3"}]')
  expect([shown(), raw.secrets.value?.[0]?.from]).toEqual([['hunter3'], '[{"Password": "'.length])
  raw.edit('[{"Password": "hunter3')
  expect(shown()).toBeUndefined()
})

test('a call of many agents takes whole numbers as they are written, and says where a text is no JSON', () => {
  const place = { page: 'many', tags: [], search: '', picked: [], service: 'ITest', method: 'Add(int64,int64)' }
  const agents = {
    journal: { version: signal(0) },
    all: () => new Map([['web-1', { id: 'web-1', name: 'web-1', uri: '', state: 'connected', tags: [], services: ['ITest'] }]]),
  }
  const contracts = { of: () => json }
  const form = createManyForm({ route: signal(place) } as never, agents as never, contracts as never, { client: signal({}) } as never)
  form.type('[9007199254740993, 1]')
  expect([form.args.value, form.problems.value]).toEqual([['9007199254740993', 1], []])
  form.type('[1,\n 2')
  expect(form.problems.value).toEqual([expect.stringContaining('Line 2, column 3: ')])
})

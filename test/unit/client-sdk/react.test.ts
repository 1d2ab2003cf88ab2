import { setImmediate as turn } from 'node:timers/promises'
import { createClient, GatewayError } from '@halibut-gateway/client'
import { GatewayProvider, useAgents, useCall, useGateway, useGatewayState, useWatch } from '@halibut-gateway/client/react'
import { createTestGateway, TestError } from '@halibut-gateway/client/testing'
import { int64, method, service } from '@halibut-gateway/schemas/contract'
import { Window } from 'happy-dom'
import { createElement, type ReactNode, StrictMode, useEffect, useState } from 'react'
import type { Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const tools = service('IToolService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Forever: method([], int64),
})

const page = new Window()
let createRoot: typeof import('react-dom/client')['createRoot']
let hydrateRoot: typeof import('react-dom/client')['hydrateRoot']

beforeAll(async () => {
  vi.stubGlobal('window', page)
  vi.stubGlobal('document', page.document)
  vi.stubGlobal('navigator', page.navigator)
  // It looks for a page when it is loaded.
  ;({ createRoot, hydrateRoot } = await import('react-dom/client'))
})

afterAll(async () => {
  // React still has something to do after a root is gone, some turns of the event loop later, and looks for its window then.
  for (let i = 0; i < 20; i++) await turn()
  vi.unstubAllGlobals()
  await page.happyDOM.close()
})

/** A page of one component, in StrictMode, with a gateway in memory. */
async function render(component: () => ReactNode) {
  const gateway = createTestGateway()
  const aborted: string[] = []
  gateway.agent('web-1').service(tools, {
    Add: (a, b) => a + b,
    Forever: ({ signal }) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          aborted.push('Forever')
          reject(signal.reason)
        }),
      ),
  })
  const client = createClient({ url: 'http://test', webSocket: gateway.webSocket, backoff: { firstMs: 0, maxMs: 0 } })
  const element = page.document.createElement('div')
  const root: Root = createRoot(element as unknown as Element)
  let effects = 0
  const Ready = (): ReactNode => {
    useEffect(() => void effects++, [])
    return null
  }
  const inside = createElement(GatewayProvider, { client }, createElement(component), createElement(Ready))
  root.render(createElement(StrictMode, null, inside))
  // StrictMode begins each effect twice.
  await vi.waitFor(() => expect(effects).toBe(2), { interval: 1 })
  /** Waits until the page shows this. */
  const shows = (text: string): Promise<void> => vi.waitFor(() => expect(element.textContent).toBe(text), { interval: 2, timeout: 5_000 })
  const unmount = (): void => root.unmount()
  return {
    gateway,
    client,
    aborted,
    shows,
    unmount,
    [Symbol.asyncDispose]: async () => {
      unmount()
      client.close()
    },
  }
}

test('the agents are shown as they come, change and go, and nothing is watched once the component has left', async () => {
  await using it = await render(() => {
    const { agents, loading, error } = useAgents()
    return loading ? 'loading' : `${error ?? ''}${agents.map(({ id, state }) => `${id} ${state}`).join(', ')}`
  })
  await it.shows('web-1 connected')
  const second = it.gateway.agent('web-2')
  await it.shows('web-1 connected, web-2 connected')
  second.set({ state: 'offline' })
  await it.shows('web-1 connected, web-2 offline')
  second.remove()
  await it.shows('web-1 connected')
  // A new session tells all of them anew.
  it.gateway.restart()
  await it.shows('web-1 connected')
  it.unmount()
  await vi.waitFor(() => expect(it.client.state.at).toBe('connected'))
  it.gateway.cut()
  // Where nothing is under way there is no need of a connection.
  expect(it.client.state.at).toBe('idle')
})

test('the state of the connection is shown with its reason', async () => {
  await using it = await render(() => {
    const state = useGatewayState()
    return 'why' in state && state.why ? `${state.at}: ${state.why.message}` : state.at
  })
  await it.shows('idle')
  await it.client.agents()
  await it.shows('connected')
  it.gateway.cut()
  await it.shows('idle: the connection to the gateway ended: 1006')
})

test('a call is made when it is asked for, with its arguments; its answer and its error are shown', async () => {
  let run: (a: bigint, b: bigint) => Promise<bigint | undefined> = async () => undefined
  await using it = await render(() => {
    const remote = useGateway().agent('web-1').service(tools)
    const add = useCall((options, a: bigint, b: bigint) => remote.Add(a, b, options))
    run = add.run
    const failed = add.error instanceof GatewayError ? add.error.kind : ''
    return `${add.loading ? 'loading ' : ''}${add.data ?? 'nothing'} ${failed}`
  })
  await it.shows('nothing ')
  let answer: bigint | undefined
  answer = await run(1n, 2n)
  await it.shows('3 ')
  expect(answer).toBe(3n)
  it.gateway.fail(new TestError('queue_full', 'too many wait', 'not_sent'))
  answer = await run(4n, 5n)
  await it.shows('3 queue_full')
  expect(answer).toBeUndefined()
  await run(4n, 5n)
  await it.shows('9 ')
})

test('a call with dependencies is made once, again when one changes, and the last one counts', async () => {
  let add: (to: bigint) => void = () => undefined
  const made: bigint[] = []
  let answerFirst: (value: bigint) => void = () => undefined
  const call = (to: bigint): Promise<bigint> => {
    made.push(to)
    return to === 1n
      ? new Promise(resolve => {
          answerFirst = resolve
        })
      : Promise.resolve(to)
  }
  await using it = await render(() => {
    const [to, setTo] = useState(1n)
    add = setTo
    const { data, loading } = useCall(() => call(to), [to])
    return `${loading ? 'loading' : data}`
  })
  await it.shows('loading')
  // StrictMode begins each effect twice.
  expect(made).toEqual([1n])
  add(2n)
  await it.shows('2')
  answerFirst(1n)
  await it.shows('2')
  expect(made).toEqual([1n, 2n])
})

test('a component that leaves cancels its call', async () => {
  let run: () => void = () => undefined
  await using it = await render(() => {
    const remote = useGateway().agent('web-1').service(tools)
    const forever = useCall(options => remote.Forever({ ...options, cancel: 'kill' }))
    run = forever.run
    return forever.loading ? 'loading' : 'idle'
  })
  await it.shows('idle')
  run()
  await it.shows('loading')
  await vi.waitFor(() => expect(it.gateway.calls).toHaveLength(1))
  it.unmount()
  await vi.waitFor(() => expect(it.aborted).toEqual(['Forever']))
})

test('a watch of anything is put together, ends, fails, and is left', async () => {
  let left = 0
  async function* numbers({ signal }: { signal: AbortSignal }, until: number): AsyncGenerator<number> {
    try {
      for (let i = 1; i <= until; i++) yield i
      if (until === 2) throw new Error('two')
      if (until === 3) await new Promise(resolve => signal.addEventListener('abort', resolve))
    } finally {
      left++
    }
  }
  const sum = (value: number, item: number): number => value + item
  let set: (until: number) => void = () => undefined
  await using it = await render(() => {
    const [until, setUntil] = useState(1)
    set = setUntil
    const { value, error, ended } = useWatch(options => numbers(options, until), sum, 0, [until])
    return `${value}${ended ? ' ended' : ''} ${error ?? ''}`
  })
  await it.shows('1 ended ')
  set(2)
  await it.shows('3 ended Error: two')
  set(3)
  await it.shows('6 ')
  expect(left).toBe(2)
  it.unmount()
  await vi.waitFor(() => expect(left).toBe(3))
})

test('the page of a server comes to life also where the client is connected already', async () => {
  const gateway = createTestGateway()
  const setUp = () => createClient({ url: 'http://test', webSocket: gateway.webSocket })
  await using server = setUp()
  await using client = setUp()
  await client.agents()
  const State = ({ of }: { of: typeof client }): ReactNode => createElement('p', null, useGatewayState(of).at)
  const element = page.document.createElement('div')
  element.innerHTML = renderToString(createElement(State, { of: server }))
  const errors: unknown[] = []
  const root = hydrateRoot(element as unknown as Element, createElement(State, { of: client }), {
    onRecoverableError: error => errors.push(error),
  })
  await vi.waitFor(() => expect(element.textContent).toBe('connected'), { interval: 2 })
  expect(errors).toEqual([])
  root.unmount()
})

test('a server renders without asking for anything, and a hook without a client says what is missing', async () => {
  const gateway = createTestGateway()
  await using client = createClient({ url: 'http://test', webSocket: gateway.webSocket })
  const Page = (): ReactNode => `${useGatewayState(client).at} ${useAgents(client).loading}`
  expect(renderToString(createElement(Page))).toBe('idle true')
  const Lost = (): ReactNode => useGatewayState().at
  expect(() => renderToString(createElement(Lost))).toThrow('put a GatewayProvider around this component')
})

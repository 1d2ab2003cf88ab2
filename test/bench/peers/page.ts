// The page in a Chromium, with a process of its own that looks at it: when something is there to be read, how many frames a second it draws,
// and how much memory it takes.

import { type Browser, type CDPSession, chromium, type Page } from 'playwright-core'
import { chromiumArguments, chromiumPath } from '../../support/chromium.ts'
import { answer } from '../peer.ts'

/** What the page’s own clock says, in milliseconds from when it was asked for. */
interface Marks {
  /** A row of an agent was drawn. */
  firstRowMs?: number
  /** All agents were known. */
  allMs?: number
}

declare global {
  interface Window {
    marks: Marks
  }
}

let browser: Browser | undefined
let page: Page | undefined
let devtools: CDPSession | undefined

async function launch(): Promise<void> {
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] })
}

/** Opens a page in a browser that has nothing of it; gives its marks when `count` agents are known. */
async function open({ url, count }: { url: string; count: number }): Promise<Required<Marks>> {
  await page?.context().close()
  const context = await browser?.newContext({ viewport: { width: 1280, height: 800 } })
  if (!context) throw new Error('no browser was launched')
  page = await context.newPage()
  devtools = await context.newCDPSession(page)
  // What runs in the page comes from tsx, which keeps the names of functions by a function of its own.
  await page.addInitScript({ content: 'globalThis.__name = each => each' })
  await page.addInitScript(wanted => {
    window.marks = {}
    const all = `${wanted.toLocaleString('en')} agents`
    const watch = new MutationObserver(() => {
      if (document.querySelector('[data-agent]')) mark('firstRowMs')
      if (document.querySelector('.count')?.textContent === all) {
        watch.disconnect()
        mark('allMs')
      }
    })
    watch.observe(document, { childList: true, subtree: true, characterData: true })
    const marked = new Set<string>()
    function mark(name: keyof Marks): void {
      if (marked.has(name)) return
      marked.add(name)
      // What was changed in one frame is seen when the next one begins.
      requestAnimationFrame(() => requestAnimationFrame(() => (window.marks[name] = performance.now())))
    }
  }, count)
  await page.goto(url, { waitUntil: 'commit' })
  await page.waitForFunction(() => window.marks.firstRowMs !== undefined && window.marks.allMs !== undefined, undefined, {
    timeout: 30_000,
  })
  return (await page.evaluate(() => window.marks)) as Required<Marks>
}

/** Goes to another place of the page. */
async function go(hash: string): Promise<void> {
  await page?.evaluate(place => {
    location.hash = place
  }, hash)
}

/** Frames a second, for so long. `scroll`: pixels that the list moves on with each of them. */
async function frames({ ms, scroll }: { ms: number; scroll: number }): Promise<number> {
  if (!page) throw new Error('no page is open')
  return page.evaluate(
    ([forMs, pixels]) =>
      new Promise<number>(resolve => {
        const list = document.querySelector('.grid')
        const from = performance.now()
        let count = 0
        const frame = (): void => {
          const passed = performance.now() - from
          if (passed >= forMs) {
            resolve((count / passed) * 1_000)
            return
          }
          count++
          if (list && pixels > 0) list.scrollTop = (list.scrollTop + pixels) % (list.scrollHeight - list.clientHeight)
          requestAnimationFrame(frame)
        }
        requestAnimationFrame(frame)
      }),
    [ms, scroll] as const,
  )
}

/** MiB of the page’s heap after collecting garbage. */
async function heap(): Promise<number> {
  await devtools?.send('HeapProfiler.collectGarbage')
  const { metrics } = (await devtools?.send('Performance.enable').then(() => devtools?.send('Performance.getMetrics'))) ?? { metrics: [] }
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 1024 / 1024
}

async function close(): Promise<void> {
  await browser?.close()
}

answer({ launch, open, go, frames, heap, close })
